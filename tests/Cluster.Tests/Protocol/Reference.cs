using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Core.Formats;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>The weights that a run must end with, whatever its workers do: trained in one process, once for all tests.</summary>
internal static class Reference
{
    private static readonly Lazy<Task<string>> oneEpoch = new(TrainAsync);

    /// <summary>weights_sha256 of "--epochs 1".</summary>
    public static Task<string> OneEpochAsync() => oneEpoch.Value;

    /// <summary>weights_sha256 after so many steps of 150 an epoch, at least 50, as a run of more has them on its way.</summary>
    /// <param name="what">Options that change the weights, where there are any.</param>
    public static async Task<string> AfterAsync(TemporaryDirectory directory, long steps, string what = "")
    {
        // Of a checkpoint every 50 steps the first of an epoch is still among the newest three at its end.
        Assert.InRange(steps, 50, long.MaxValue);
        const int stepsPerEpoch = 150;
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, $"--epochs {(steps + stepsPerEpoch - 1) / stepsPerEpoch} --checkpoint-every {steps} --in-process {what}",
            "reference");
        await coordinator.CompletedAsync();
        string path = coordinator.Checkpoints().Single(
            path => path.EndsWith($"step-{steps:D9}.safetensors", StringComparison.Ordinal));
        return CheckpointFile.Read(path).Parameters.ComputeSha256();
    }

    private static async Task<string> TrainAsync()
    {
        using var directory = new TemporaryDirectory();
        return (await CoordinatorProcess.CompleteAsync(directory, "--epochs 1 --in-process")).WeightsSha256;
    }
}
