using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>More workers than a mini-batch has shards: nothing is to do for some of them, and that can be seen.</summary>
public sealed class IdleWorkerTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Train_MoreWorkersThanShards_TheRestIsSeenIdleSameWeights()
    {
        const int shards = 2;

        // A late worker's nodes would go to the idle one.
        await using CoordinatorProcess coordinator =
            CoordinatorProcess.Start(directory, EndlessRun.Options + $"--workers 3 --shards {shards} --threads 1 --straggler-timeout off");

        await coordinator.UntilAsync(status =>
            status.Step > 50 && status.Workers.Count(worker => worker.Examples > 0) == shards
            && status.Workers.Count(worker => worker is { Examples: 0, Activity: "idle" }) == 1);

        RunVerdict verdict = await coordinator.StoppedAsync();
        Assert.Equal((3, 0), (verdict.Joined, verdict.Lost));
        await EndlessRun.ExpectWholeAsync(verdict, directory, $"--shards {shards}");
    }
}
