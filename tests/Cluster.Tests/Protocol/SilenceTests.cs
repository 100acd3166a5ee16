using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Protos;
using Grpc.Core;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>Who is taken for gone: a worker that says nothing for longer than Welcome.silence_limit_ms, and no other.</summary>
public sealed class SilenceTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Work_PartsOfAValueComeSlowlyWithoutHeartbeats_TheWorkerIsKept()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        await using PlainWorker slow = await PlainWorker.JoinAsync(await coordinator.AddressAsync(), PlainWorker.Request("slow"), beats: false);

        // The parts of the first step's value take longer than the limit all together, though each alone does not.
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(slow.Run.SilenceLimitMs / 5.0));
        int paused = 0;
        RunEnded ended = await slow.TrainAsync(numbersAtMost: 300, beforeMessage: async () =>
        {
            if (paused++ < 7)
                await pause.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        });

        Assert.Equal("completed", ended.Status);
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((1, 0), (verdict.Joined, verdict.Lost));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Work_SilentWorker_IsLetGoAndItsNodesAreHandedOn(bool isReady)
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        string address = await coordinator.AddressAsync();
        await using PlainWorker silent = await PlainWorker.JoinAsync(address, PlainWorker.Request("silent"), beats: false);
        if (isReady)
        {
            await silent.ReadyAsync();
            Assert.NotNull((await silent.ReceiveAsync())!.Assignment);
        }

        Status status = await silent.EndAsync();
        Assert.Equal(StatusCode.DeadlineExceeded, status.StatusCode);
        Assert.Contains("silent", status.Detail, StringComparison.Ordinal);

        // Its name is free again.
        await using PlainWorker next = await PlainWorker.JoinAsync(address, "silent");
        Assert.Equal("completed", (await next.TrainAsync()).Status);
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal(isReady ? (2, 1) : (1, 0), (verdict.Joined, verdict.Lost));
    }
}
