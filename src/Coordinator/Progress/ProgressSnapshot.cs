namespace Backprop.Coordinator.Progress;

public enum RunPhase
{
    Starting,
    WaitingForWorkers,
    Training,
    Evaluating,
    Ended,
}

/// <summary>Where a run stands at one moment. Taken a few times a second, whatever the pace of steps.</summary>
/// <param name="Epoch">The running epoch, from 0.</param>
/// <param name="Step">Steps committed.</param>
/// <param name="RunningLoss">Mean cost of the running epoch's examples so far; null before its first step.</param>
/// <param name="ExamplesPerSecond">Over the last seconds of training.</param>
/// <param name="Remaining">Estimated time to the end of the run; null while unknown.</param>
public sealed record ProgressSnapshot(
    RunPhase Phase, int Epoch, long Step, double? RunningLoss, double ExamplesPerSecond, TimeSpan Elapsed,
    TimeSpan? Remaining, int ReadyWorkers, int WantedWorkers, IReadOnlyList<WorkerSnapshot> Workers);
