using Backprop.Coordinator.Progress;

namespace Backprop.Coordinator.Dashboard;

/// <summary>What the page shows, or what is new since it was last told.</summary>
/// <param name="Epochs">Epochs for the curves: of many a bounded number.</param>
/// <param name="LatestEpochs">The newest epochs, each.</param>
/// <param name="Running">Step and mean cost of the running epoch so far, of a bounded number of moments.</param>
/// <param name="IsWhole">Whether this replaces what the page holds; otherwise it is added.</param>
internal sealed record DashboardState(
    bool IsWhole, RunFactsOfPage? Run, ProgressSnapshot? Progress, IReadOnlyList<EpochOfPage> Epochs,
    IReadOnlyList<EpochOfPage> LatestEpochs, IReadOnlyList<RunningCost> Running, IReadOnlyList<string> Notices, VerdictOfPage? Verdict);

internal sealed record RunFactsOfPage(
    string RunId, string Dataset, int TrainingExamples, int TestExamples, string Layers, string Activations, string Cost,
    string Optimizer, double LearningRate, int MiniBatch, int Shards, ulong Seed, int Epochs, long Steps,
    long StepsPerEpoch, bool InProcess, string? ListenAddress, string RunDirectory)
{
    public static RunFactsOfPage Of(RunDescription run) => new(
        run.RunId, run.DatasetName, run.TrainingExamples, run.TestExamples, run.Configuration.Layers,
        run.Configuration.Activations, run.Configuration.Cost, run.Configuration.Optimizer,
        run.Configuration.LearningRate, run.Configuration.MiniBatch, run.Configuration.Shards, run.Configuration.Seed,
        run.Configuration.Epochs, run.Plan.StepCount, run.Plan.StepsPerEpoch, run.InProcess, run.ListenAddress,
        run.RunDirectory);
}

internal sealed record EpochOfPage(
    int Epoch, double TrainingLoss, double TestLoss, int TestCorrect, int TestCount, double ExamplesPerSecond);

internal sealed record RunningCost(long Step, double Loss);

internal sealed record VerdictOfPage(
    string Status, string? Error, double? TestAccuracy, double? TestLoss, long Steps, double TrainingSeconds,
    double ExamplesPerSecond, string WeightsSha256, IReadOnlyList<string> Written);
