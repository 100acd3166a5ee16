using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>The weights that a run must end with, whatever its workers do: trained in one process, once for all tests.</summary>
internal static class Reference
{
    private static readonly Lazy<Task<string>> oneEpoch = new(TrainAsync);

    /// <summary>weights_sha256 of "--epochs 1".</summary>
    public static Task<string> OneEpochAsync() => oneEpoch.Value;

    private static async Task<string> TrainAsync()
    {
        using var directory = new TemporaryDirectory();
        return (await CoordinatorProcess.CompleteAsync(directory, "--epochs 1 --in-process")).WeightsSha256;
    }
}
