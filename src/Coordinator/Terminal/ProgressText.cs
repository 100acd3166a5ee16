using System.Globalization;
using Backprop.Coordinator.Progress;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Terminal;

/// <summary>Where a run stands, in words.</summary>
internal static class ProgressText
{
    public static string Waiting(ProgressSnapshot snapshot) =>
        Invariant($"waiting for workers {snapshot.ReadyWorkers}/{Math.Max(1, snapshot.WantedWorkers)}");

    /// <summary>network.py's line, and what it costs.</summary>
    public static string Epoch(EpochResult result, ProgressSnapshot snapshot) => Invariant(
        $"Epoch {result.Epoch}: {result.TestCorrect} / {result.TestCount}  loss {result.TrainingLoss:0.0000}  test loss {result.TestLoss:0.0000}  {snapshot.ExamplesPerSecond:N0} examples/s");

    public static string Step(ProgressSnapshot snapshot, TrainingPlan plan)
    {
        string loss = snapshot.RunningLoss is { } value ? Invariant($"loss {value:0.0000}  ") : "";
        string left = snapshot.Remaining is { } remaining
            ? $"  {Duration(RemainingInEpoch(snapshot, plan))} left in the epoch, {Duration(remaining)} in all"
            : "";
        return Invariant(
            $"epoch {snapshot.Epoch}, step {snapshot.Step:N0} of {plan.StepCount:N0}  {loss}{snapshot.ExamplesPerSecond:N0} examples/s{left}");
    }

    /// <summary>Steps of the running epoch that are done, from 0 to 1.</summary>
    public static double ShareOfEpoch(ProgressSnapshot snapshot, TrainingPlan plan) =>
        (double)(snapshot.Step - ((long)snapshot.Epoch * plan.StepsPerEpoch)) / plan.StepsPerEpoch;

    /// <summary>The epoch's share of the remaining time: evaluations are in it as they are in the whole.</summary>
    public static TimeSpan RemainingInEpoch(ProgressSnapshot snapshot, TrainingPlan plan)
    {
        long left = plan.StepCount - snapshot.Step;
        long leftInEpoch = ((snapshot.Epoch + 1L) * plan.StepsPerEpoch) - snapshot.Step;
        return left == 0 ? TimeSpan.Zero : (snapshot.Remaining ?? TimeSpan.Zero) * ((double)leftInEpoch / left);
    }

    public static string Duration(TimeSpan time) => time.TotalHours >= 1
        ? Invariant($"{(int)time.TotalHours} h {time.Minutes} min")
        : time.TotalMinutes >= 1 ? Invariant($"{time.Minutes} min {time.Seconds} s") : Invariant($"{time.TotalSeconds:0} s");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
