using Backprop.Coordinator.Dashboard;

namespace Backprop.Web.Tests;

/// <summary>A reader of the feed that puts news together as the page does.</summary>
internal sealed class HeldPage
{
    private DashboardFeed.Place? known;

    public string? Run { get; private set; }

    public List<int> Epochs { get; } = [];

    public List<int> LatestEpochs { get; } = [];

    public List<long> Steps { get; } = [];

    public List<string> Notices { get; } = [];

    public string? Status { get; private set; }

    public long Step { get; private set; }

    /// <summary>How often it was told everything.</summary>
    public int Wholes { get; private set; }

    /// <returns>Ends with the next change.</returns>
    public Task Read(DashboardFeed feed)
    {
        (DashboardState news, Task changed) = feed.ReadSince(ref known);
        if (news.IsWhole)
        {
            Wholes++;
            Epochs.Clear();
            LatestEpochs.Clear();
            Steps.Clear();
            Notices.Clear();
            Run = news.Run?.RunId ?? Run;
        }

        Epochs.AddRange(news.Epochs.Select(epoch => epoch.Epoch));
        LatestEpochs.AddRange(news.LatestEpochs.Select(epoch => epoch.Epoch));
        Steps.AddRange(news.Running.Select(cost => cost.Step));
        Notices.AddRange(news.Notices);
        Step = news.Progress?.Step ?? Step;
        Status = news.Verdict?.Status ?? Status;
        return changed;
    }
}
