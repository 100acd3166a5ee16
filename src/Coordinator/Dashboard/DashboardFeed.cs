using Backprop.Coordinator.Progress;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Dashboard;

/// <summary>
/// Keeps what the page shows. Readers come with a place up to which they know it and take what is new, so that a slow
/// one costs no memory and misses nothing but moments.
/// </summary>
public sealed class DashboardFeed : IRunReporter
{
    private const int NoticesKept = 200;
    private const int RunningKept = 600;

    private readonly Lock gate = new();
    private readonly List<EpochOfPage> epochs = [];
    private readonly List<string> notices = [];
    private readonly List<RunningCost> running = [];
    private TaskCompletionSource changed = NewSignal();
    private RunFactsOfPage? run;
    private ProgressSnapshot? latest;
    private VerdictOfPage? verdict;
    private long noticeCount;
    private int thinnings;

    public void RunStarted(RunDescription description) => Keep(() => run = RunFactsOfPage.Of(description));

    public void Progressed(ProgressSnapshot snapshot) => Keep(() =>
    {
        if (snapshot.Phase == RunPhase.Training && snapshot.RunningLoss is { } loss
            && (running.Count == 0 || running[^1].Step < snapshot.Step))
        {
            AddRunning(new RunningCost(snapshot.Step, loss));
        }

        latest = snapshot;
    });

    public void EpochEnded(EpochResult result, ProgressSnapshot snapshot) => Keep(() => epochs.Add(new EpochOfPage(
        result.Epoch, result.TrainingLoss, result.TestLoss, result.TestCorrect, result.TestCount,
        snapshot.ExamplesPerSecond)));

    public void Noticed(string line) => Keep(() =>
    {
        notices.Add(line);
        noticeCount++;
        if (notices.Count > NoticesKept)
            notices.RemoveAt(0);
    });

    public void RunEnded(RunSummary summary, IReadOnlyList<string> writtenFiles) => Keep(() => verdict = new VerdictOfPage(
        summary.Status, summary.Error, summary.TestAccuracy, summary.TestLoss, summary.Steps, summary.TrainingSeconds,
        summary.ExamplesPerSecond, summary.WeightsSha256, writtenFiles));

    /// <summary>The newest snapshot; null before the first.</summary>
    internal ProgressSnapshot? Latest
    {
        get
        {
            lock (gate)
                return latest;
        }
    }

    /// <summary>The newest epoch; null before the first.</summary>
    internal EpochOfPage? LastEpoch
    {
        get
        {
            lock (gate)
                return epochs.Count == 0 ? null : epochs[^1];
        }
    }

    /// <summary>What is new since <paramref name="known"/>, and a task that ends with the next change.</summary>
    /// <param name="known">How far the reader is; null: it knows nothing. Receives how far it is then.</param>
    internal (DashboardState News, Task Changed) ReadSince(ref Place? known)
    {
        lock (gate)
        {
            // What was thinned or dropped behind a reader's back is told anew.
            bool isWhole = known is null || known.Thinnings != thinnings || noticeCount - known.Notices > notices.Count;
            Place from = isWhole ? new Place(0, noticeCount - notices.Count, 0, thinnings) : known!;
            var news = new DashboardState(
                isWhole, isWhole ? run : null, latest, epochs[from.Epochs..], running[from.Running..],
                notices[(int)(from.Notices - (noticeCount - notices.Count))..], verdict);
            known = new Place(epochs.Count, noticeCount, running.Count, thinnings);
            return (news, changed.Task);
        }
    }

    private void AddRunning(RunningCost cost)
    {
        running.Add(cost);
        if (running.Count < RunningKept)
            return;
        List<RunningCost> thinned = [.. running.Where((_, i) => i % 2 == 0)];
        running.Clear();
        running.AddRange(thinned);
        thinnings++;
    }

    private void Keep(Action change)
    {
        TaskCompletionSource signal;
        lock (gate)
        {
            change();
            signal = changed;
            changed = NewSignal();
        }

        signal.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many of each a reader has been told.</summary>
    internal sealed record Place(int Epochs, long Notices, int Running, int Thinnings);
}
