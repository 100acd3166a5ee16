using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Cluster.Tests.Weights;
using Backprop.Protos;
using Grpc.Core;

namespace Backprop.Cluster.Tests.Network;

/// <summary>More connections than a run has use for: they are let go or refused, and the run does not notice.</summary>
public sealed class ManyConnectionsTests : IDisposable
{
    private const int IdleCount = 500;
    private const int JoiningCount = 1000;

    /// <summary>WorkerRegistry's limit, as the README tells it.</summary>
    private const int ServedCount = 256;

    private const long MemoryAtMost = 512L << 20;

    /// <summary>Less than a server's own limits of minutes, and many times what the run's take.</summary>
    private static readonly TimeSpan DroppedWithin = TimeSpan.FromMinutes(2);

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Train_IdleConnectionsAndSlowSenders_AreDroppedAndTheRunGoesOn()
    {
        const ulong next = HeldRun.LastStep + 1;
        await using HeldRun run = await HeldRun.StartAsync(directory, next);
        await using ProgramProcess worker = CoordinatorProcess.StartWorker(directory, run.Address, "worker", "--transport", "grpc");
        await run.TakeInAsync("worker");
        run.Open(HeldRun.LastStep);
        await run.ReachedAsync(next);
        List<IdleConnection> idle = [];
        try
        {
            Idleness[] kinds = Enum.GetValues<Idleness>();
            for (int i = 0; i < IdleCount; i++)
                idle.Add(await IdleConnection.OpenAsync(run.Address, kinds[i % kinds.Length], $"idle-{i}"));

            // The run waits for nothing meanwhile but this test: the worker has no more to say than that it is alive.
            Task[] dropped = [.. idle.Select(connection => connection.DroppedAsync())];
            await Task.WhenAny(Task.WhenAll(dropped), Task.Delay(DroppedWithin, TestContext.Current.CancellationToken));
            Assert.Empty(dropped.Select((drop, i) => (drop, Kind: kinds[i % kinds.Length])).Where(one => !one.drop.IsCompletedSuccessfully)
                .Select(one => one.Kind).Distinct());
        }
        finally
        {
            foreach (IdleConnection connection in idle)
                await connection.DisposeAsync();
        }

        Assert.InRange(ProcessTable.PeakMemoryOf(run.Coordinator.Program.Id), 1, MemoryAtMost);
        run.Open(next);
        RunVerdict verdict = await run.CompletedAsync();
        Assert.Equal((2, 0, 0), (verdict.Joined, verdict.Lost, verdict.NodesReassigned));
        Assert.Equal(0, await worker.ExitAsync());
        Assert.DoesNotContain("   at ", run.Coordinator.Program.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Join_ThousandWorkers_AreServedOrRefusedNamingTheLimit()
    {
        await using CoordinatorProcess coordinator =
            CoordinatorProcess.Start(directory, $"--epochs 1 --workers 0 --min-workers {ServedCount}");
        string address = await coordinator.AddressAsync();
        PlainWorker[] joining = [.. Enumerable.Range(0, JoiningCount).Select(_ => new PlainWorker(address))];
        try
        {
            Status?[] refusals = await Task.WhenAll(joining.Select((worker, i) => worker.TryJoinAsync($"worker-{i}")));

            Status[] refused = [.. refusals.OfType<Status>()];
            Assert.Equal(JoiningCount - ServedCount, refused.Length);
            Assert.All(refused, status => Assert.Equal(
                (StatusCode.ResourceExhausted, $"{ServedCount} workers take part already, the most that this coordinator serves"),
                (status.StatusCode, status.Detail)));
            long memory = ProcessTable.PeakMemoryOf(coordinator.Program.Id);
            RunEnded[] ended = await Task.WhenAll(
                joining.Where((_, i) => refusals[i] is null).Select(worker => worker.TrainAsync()));

            Assert.InRange(memory, 1, MemoryAtMost);
            Assert.All(ended, end => Assert.Equal("completed", end.Status));
            RunVerdict verdict = await coordinator.CompletedAsync();
            Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
            Assert.Equal((ServedCount, 0), (verdict.Joined, verdict.Lost));
        }
        finally
        {
            await Task.WhenAll(joining.Select(worker => worker.DisposeAsync().AsTask()));
        }
    }
}
