using Backprop.Core.Model;
using Backprop.Core.Sharding;

namespace Backprop.Core.Training;

/// <summary>
/// Everything that determines a run's final weights beside its data: the same configuration, seed and data give the
/// same bits with any number of workers and threads. Names are the command line's.
/// </summary>
public sealed record RunConfiguration
{
    /// <summary>Neurons a layer, such as "64-30-10".</summary>
    public required string Layers { get; init; }

    /// <summary>One name a layer after the input, or one for all of them.</summary>
    public string Activations { get; init; } = "sigmoid";

    public string Cost { get; init; } = "quadratic";

    public string Optimizer { get; init; } = "sgd";

    /// <summary>η.</summary>
    public double LearningRate { get; init; } = 3.0;

    /// <summary>μ, from 0 to below 1: v ← μ·v + g, W ← W − η·v.</summary>
    public double Momentum { get; init; }

    /// <summary>λ of the cost's extra term ½·λ·‖W‖² (weights only).</summary>
    public double L2 { get; init; }

    /// <summary>"constant", or "step:EPOCHS:FACTOR": η is multiplied by FACTOR after every EPOCHS epochs.</summary>
    public string Schedule { get; init; } = "constant";

    public string Initializer { get; init; } = "scaled-gaussian";

    /// <summary>SHA-256 of the initial weights where they come from a file (--init), else null.</summary>
    public string? InitSha256 { get; init; }

    public int MiniBatch { get; init; } = 10;

    public int Epochs { get; init; } = 30;

    /// <summary>S, a power of two; already resolved where the command line said auto.</summary>
    public required int Shards { get; init; }

    public bool Shuffle { get; init; } = true;

    public ulong Seed { get; init; } = 1;

    /// <summary>SHA-256 of the data set.</summary>
    public required string DatasetSha256 { get; init; }

    public NetworkShape Shape => NetworkShape.Parse(Layers);

    /// <summary>The plan of steps over a data set of this size.</summary>
    public TrainingPlan Plan(int trainingExamples, int testExamples, int checkpointEvery) =>
        new(trainingExamples, MiniBatch, Epochs, Shards, testExamples, checkpointEvery);

    /// <summary>S as the option --shards gives it: a number, or what the mini-batch says.</summary>
    public static int ResolveShards(int? asked, int miniBatch) => asked ?? ShardCut.Automatic(miniBatch);
}
