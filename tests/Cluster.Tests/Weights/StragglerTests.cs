using System.Text.Json;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Protos;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>A worker that lives and is slow: others go on without it, and it is taken in again.</summary>
public sealed class StragglerTests : IDisposable
{
    private const ulong LateStep = 40;
    private const ulong LaterStep = 60;
    private const ulong LastStep = 80;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Train_WorkerIsLate_IsNamedAndOthersGoOnSameWeights()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, "--epochs 1 --workers 0 --min-workers 2 --straggler-timeout 100ms");
        string address = await coordinator.AddressAsync();
        await using PlainWorker quick = await PlainWorker.JoinAsync(address, "quick");
        await using PlainWorker slow = await PlainWorker.JoinAsync(address, "slow");
        var late = new StepGate(LateStep, LastStep);
        var ahead = new StepGate(LaterStep);
        Task<RunEnded> first = quick.TrainAsync(beforeAnswer: ahead.PassAsync);
        Task<RunEnded> second = slow.TrainAsync(beforeAnswer: late.PassAsync);

        await coordinator.Program.LineAsync(
            @"^worker slow is late at step 40: no answer after \d+\.\d s; its node is computed by another as well$");
        await ahead.ReachedAsync(LaterStep);
        late.Open(LateStep);
        ahead.Open(LaterStep);

        // It is given nodes again.
        await late.ReachedAsync(LastStep);
        late.Open(LastStep);
        Assert.Equal("completed", (await first).Status);
        Assert.Equal("completed", (await second).Status);
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((150, 1500), (verdict.Steps, verdict.Examples));
        Assert.NotEqual(0, verdict.NodesReassigned);
        Assert.Equal(0, verdict.Lost);
        JsonElement told = File.ReadLines(Path.Combine(coordinator.RunDirectory, "events.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .First(line => line.GetProperty("event").GetString() == "worker_late");
        Assert.Equal(("slow", (long)LateStep), (told.GetProperty("worker").GetString(), told.GetProperty("step").GetInt64()));
    }
}
