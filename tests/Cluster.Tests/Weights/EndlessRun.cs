using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>A run that no test waits to the end of: it is stopped, and held to the weights that so many steps give.</summary>
internal static class EndlessRun
{
    public const string Options = "--epochs 100000 ";

    /// <summary>Ends it after the running step; its weights must be those of so many steps in one process.</summary>
    public static async Task<RunVerdict> StoppedAsync(CoordinatorProcess coordinator, TemporaryDirectory directory)
    {
        RunVerdict verdict = await coordinator.StoppedAsync();
        await ExpectWholeAsync(verdict, directory);
        return verdict;
    }

    /// <summary>Every example of every committed step counted once, to the weights of as many steps in one process.</summary>
    public static async Task ExpectWholeAsync(RunVerdict verdict, TemporaryDirectory directory, string what = "")
    {
        Assert.Equal(await Reference.AfterAsync(directory, verdict.Steps, what), verdict.WeightsSha256);
        Assert.Equal(verdict.Steps * 10, verdict.Examples);
    }
}
