using Backprop.Coordinator.Progress;
using Backprop.Core.Data;
using Backprop.Core.Training;

namespace Backprop.Web.Tests;

/// <summary>A run of made-up figures, told moment by moment.</summary>
internal static class RunFigures
{
    private static readonly RunConfiguration configuration = new() { Layers = "4-3-2", Shards = 2, DatasetSha256 = "ab" };

    public static RunDescription Description { get; } = new(
        "run-1", configuration, new DatasetRequest("tiny"), "tiny", 12, 3, configuration.Plan(12, 3, checkpointEvery: 2), InProcess: false, 2, 1,
        "http://127.0.0.1:5000", "http://127.0.0.1:5080", "runs/one");

    public static RunSummary Summary { get; } = new()
    {
        Status = "completed",
        Dataset = new DatasetSummary("tiny", "ab", 12, 3),
        Layers = "4-3-2",
        Epochs = 30,
        Steps = 60,
        Examples = 360,
        WeightsSha256 = "cd",
        ElapsedSeconds = 6,
        TrainingSeconds = 5,
        ExamplesPerSecond = 72,
        StepsPerSecond = 12,
        Workers = new WorkersSummary(2, 0, 2),
        NodesReassigned = 0,
        Checkpoints = 1,
    };

    public static ProgressSnapshot Snapshot(long step, RunPhase phase = RunPhase.Training) => new(
        phase, 0, step, 1.0 / (step + 1), 100, TimeSpan.FromSeconds(step), null, 2, 2,
        [new WorkerSnapshot("w1", WorkerActivity.Computing, 1, true, "[0,1)", step, TimeSpan.FromMilliseconds(2))]);

    public static EpochResult Epoch(int epoch) => new(epoch, epoch + 1, 0.5, 0.25, 2, 3, TimeSpan.FromSeconds(1));
}
