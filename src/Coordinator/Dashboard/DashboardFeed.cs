using Backprop.Coordinator.Progress;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Dashboard;

/// <summary>Keeps what the page shows: the run, its epochs, the newest snapshot and the verdict.</summary>
public sealed class DashboardFeed : IRunReporter
{
    private const int NoticesKept = 50;

    private readonly Lock gate = new();
    private readonly List<EpochResult> epochs = [];
    private readonly Queue<string> notices = [];
    private RunDescription? run;
    private ProgressSnapshot? latest;
    private RunSummary? verdict;

    public void RunStarted(RunDescription description) => Keep(() => run = description);

    public void Progressed(ProgressSnapshot snapshot) => Keep(() => latest = snapshot);

    public void EpochEnded(EpochResult result, ProgressSnapshot snapshot) => Keep(() => epochs.Add(result));

    public void Noticed(string line) => Keep(() =>
    {
        notices.Enqueue(line);
        if (notices.Count > NoticesKept)
            notices.Dequeue();
    });

    public void RunEnded(RunSummary summary, IReadOnlyList<string> writtenFiles) => Keep(() => verdict = summary);

    /// <summary>All of it at one moment.</summary>
    internal DashboardState Read()
    {
        lock (gate)
            return new DashboardState(run, latest, [.. epochs], [.. notices], verdict);
    }

    private void Keep(Action change)
    {
        lock (gate)
            change();
    }
}

internal sealed record DashboardState(
    RunDescription? Run, ProgressSnapshot? Latest, IReadOnlyList<EpochResult> Epochs, IReadOnlyList<string> Notices,
    RunSummary? Verdict);
