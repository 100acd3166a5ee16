using Backprop.Coordinator.Progress;
using Backprop.Coordinator.Reports;
using Backprop.Core.Formats;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Data;
using Backprop.Core.Training;

namespace Backprop.Cluster.Tests.Reports;

/// <summary>A run of made-up figures, none of them its default.</summary>
internal static class SampleRun
{
    public static RunConfiguration Configuration { get; } = new()
    {
        Layers = "4-3-2",
        Activations = "relu,softmax",
        Cost = "log-likelihood",
        Optimizer = "sgd",
        LearningRate = 0.1,
        Momentum = 0.9,
        L2 = 1e-4,
        Schedule = "step:10:0.5",
        Initializer = "zeros",
        InitSha256 = "ab12",
        MiniBatch = 6,
        Epochs = 7,
        Shards = 2,
        Shuffle = false,
        Seed = ulong.MaxValue,
        DatasetSha256 = "cd34",
    };

    public static RunDescription Description { get; } = new(
        "run-1", Configuration, new DatasetRequest("digits"), "tiny", 12, 3, Configuration.Plan(12, 3, checkpointEvery: 2), InProcess: false,
        WantedWorkers: 2, ThreadsPerWorker: 1, "http://127.0.0.1:5000", "http://127.0.0.1:5080", "runs/one")
    {
        Audit = 0.25,
    };

    /// <summary>The example of the interface, figure by figure.</summary>
    public static RunSummary Summary { get; } = new()
    {
        Status = "completed",
        Dataset = new DatasetSummary("digits", "ef56", 1500, 297),
        Layers = "64-30-10",
        Epochs = 30,
        Steps = 4500,
        Examples = 45000,
        TrainingLoss = 0.01,
        TestLoss = 0.03,
        TestAccuracy = 0.95,
        WeightsSha256 = "0a1b",
        ElapsedSeconds = 6.1,
        TrainingSeconds = 4.9,
        ExamplesPerSecond = 9100.0,
        StepsPerSecond = 910.0,
        Workers = new WorkersSummary(2, 0, 2),
        NodesReassigned = 0,
        Checkpoints = 30,
    };

    public static EpochMetrics Line(int epoch) => new(epoch, 10 * (epoch + 1), 0.5 / (epoch + 1), 0.25, 0.75, 1000.5, 1.5 * (epoch + 1), 2);

    public static ProgressSnapshot Snapshot { get; } = new(
        RunPhase.Training, 2, 30, 0.5, 1000.5, TimeSpan.FromSeconds(4.5), TimeSpan.FromSeconds(9), 2, 2,
        [new WorkerSnapshot("w1", WorkerActivity.Computing, 1, true, "[0,1)", 60, TimeSpan.FromMilliseconds(2))]);

    public static EpochResult Epoch(int epoch) => new(
        epoch, 10 * (epoch + 1), 0.5 / (epoch + 1), 0.25, TestCorrect: 3, TestCount: 4, TimeSpan.FromSeconds(1));

    public static Checkpoint Checkpoint(long nextStep) => new(
        Configuration, "1.2.3", nextStep, new Parameters(Configuration.Shape), new OptimizerState(null), new NodeTotals(6, 3, 1.5));
}
