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
    private long moments;
    private long lastMoment = -1;
    private int stride = 1;

    public void RunStarted(RunDescription description) => Keep(() => run = RunFactsOfPage.Of(description));

    public void Progressed(ProgressSnapshot snapshot) => Keep(() =>
    {
        if (snapshot.Phase == RunPhase.Training && snapshot.RunningLoss is { } loss && snapshot.Step > lastMoment)
            AddRunning(new RunningCost(snapshot.Step, loss));

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
            // What was thinned or dropped behind a reader's back is told anew; so is a run that started after it came.
            bool isWhole = known is null || known.Run != run || known.Stride != stride
                || noticeCount - known.Notices > notices.Count;
            Place from = isWhole ? new Place(run, 0, noticeCount - notices.Count, 0, stride) : known!;
            var news = new DashboardState(
                isWhole, isWhole ? run : null, latest, epochs[from.Epochs..], running[from.Running..],
                notices[(int)(from.Notices - (noticeCount - notices.Count))..], verdict);
            known = new Place(run, epochs.Count, noticeCount, running.Count, stride);
            return (news, changed.Task);
        }
    }

    /// <summary>Keeps every moment, then every second, fourth, … one: as dense at the run's beginning as at its end.</summary>
    private void AddRunning(RunningCost cost)
    {
        lastMoment = cost.Step;
        if (moments++ % stride != 0)
            return;
        running.Add(cost);
        if (running.Count < RunningKept)
            return;
        List<RunningCost> thinned = [.. running.Where((_, i) => i % 2 == 0)];
        running.Clear();
        running.AddRange(thinned);
        stride *= 2;
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

    /// <summary>The run that a reader was told of, and how many of each.</summary>
    internal sealed record Place(RunFactsOfPage? Run, int Epochs, long Notices, int Running, int Stride);
}
