using Backprop.Coordinator.Progress;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Dashboard;

/// <summary>
/// Keeps what the page shows. Readers come with a place up to which they know it and take what is new, so that a slow
/// one costs no memory and misses nothing but moments. What is kept is bounded, however many epochs a run has.
/// </summary>
public sealed class DashboardFeed : IRunReporter
{
    private const int NoticesKept = 200;
    private const int EpochsKept = 200;
    private const int EpochPointsKept = 2000;
    private const int RunningKept = 600;

    private readonly Lock gate = new();
    private readonly ThinnedSeries<EpochOfPage> epochs = new(EpochPointsKept);
    private readonly NewestItems<EpochOfPage> latestEpochs = new(EpochsKept);
    private readonly NewestItems<string> notices = new(NoticesKept);
    private readonly ThinnedSeries<RunningCost> running = new(RunningKept);
    private TaskCompletionSource changed = NewSignal();
    private RunFactsOfPage? run;
    private ProgressSnapshot? latest;
    private VerdictOfPage? verdict;
    private long lastMoment = -1;

    public void RunStarted(RunDescription description) => Keep(() => run = RunFactsOfPage.Of(description));

    public void Progressed(ProgressSnapshot snapshot) => Keep(() =>
    {
        if (snapshot.Phase == RunPhase.Training && snapshot.RunningLoss is { } loss && snapshot.Step > lastMoment)
        {
            lastMoment = snapshot.Step;
            running.Add(new RunningCost(snapshot.Step, loss));
        }

        latest = snapshot;
    });

    public void EpochEnded(EpochResult result, ProgressSnapshot snapshot) => Keep(() =>
    {
        LastEpoch = new EpochOfPage(
            result.Epoch, result.TrainingLoss, result.TestLoss, result.TestCorrect, result.TestCount,
            snapshot.ExamplesPerSecond);
        epochs.Add(LastEpoch);
        latestEpochs.Add(LastEpoch);
    });

    public void Noticed(string line) => Keep(() => notices.Add(line));

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
                return field;
        }
        private set;
    }

    /// <summary>What is new since <paramref name="known"/>, and a task that ends with the next change.</summary>
    /// <param name="known">How far the reader is; null: it knows nothing. Receives how far it is then.</param>
    internal (DashboardState News, Task Changed) ReadSince(ref Place? known)
    {
        lock (gate)
        {
            // What was thinned or dropped behind a reader's back is told anew; so is a run that started after it came.
            bool isWhole = known is null || known.Run != run || known.EpochStride != epochs.Stride
                || known.RunningStride != running.Stride || known.Notices < notices.Dropped;
            Place from = isWhole ? new Place(run, 0, 0, 0, 0, 0, 0) : known!;
            var news = new DashboardState(
                isWhole, isWhole ? run : null, latest, epochs.From(from.Epochs), latestEpochs.Since(from.LatestEpochs),
                running.From(from.Running), notices.Since(from.Notices), verdict);
            known = new Place(run, epochs.Count, epochs.Stride, latestEpochs.Count, notices.Count, running.Count, running.Stride);
            return (news, changed.Task);
        }
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
    internal sealed record Place(
        RunFactsOfPage? Run, int Epochs, int EpochStride, long LatestEpochs, long Notices, int Running, int RunningStride);
}
