using Backprop.Coordinator.Progress;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Reports;

/// <summary>A line of metrics.jsonl, field by field.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="Step">Steps committed since the run began.</param>
/// <param name="TestAccuracy">From 0 to 1.</param>
/// <param name="ExamplesPerSecond">Over the epoch, evaluation left out.</param>
/// <param name="ElapsedSeconds">Since the run was started or resumed.</param>
/// <param name="Workers">Ready at the end of the epoch.</param>
public sealed record EpochMetrics(
    int Epoch, long Step, double TrainingLoss, double TestLoss, double TestAccuracy, double ExamplesPerSecond,
    double ElapsedSeconds, int Workers)
{
    public static EpochMetrics From(EpochResult result, ProgressSnapshot snapshot) => new(
        result.Epoch, result.Step, result.TrainingLoss, result.TestLoss, result.TestAccuracy,
        snapshot.ExamplesPerSecond, snapshot.Elapsed.TotalSeconds, snapshot.ReadyWorkers);
}
