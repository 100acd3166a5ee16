using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>Workers that die on the way: told, their nodes computed by others, and not a bit of the weights changed.</summary>
public sealed class LostWorkerTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Train_WorkerKilledWithNodes_OthersComputeThemSameWeights()
    {
        const ulong next = HeldRun.LastStep + 1;
        await using HeldRun run = await HeldRun.StartAsync(directory, next);
        await using ProgramProcess doomed = CoordinatorProcess.StartWorker(directory, run.Address, "doomed");
        await run.TakeInAsync("doomed");

        // Frozen, it is given a node of the next step and cannot answer: that one is outstanding when it dies.
        await doomed.FreezeAsync();
        run.Open(HeldRun.LastStep);
        await run.ReachedAsync(next);
        doomed.Kill();
        await run.Coordinator.Program.LineAsync($@"^worker doomed lost at step {next}; 1 node reassigned \(.+\)$");
        run.Open(next);

        RunVerdict verdict = await run.CompletedAsync();
        Assert.Equal((2, 1, 1), (verdict.Joined, verdict.Lost, verdict.NodesReassigned));
    }

    [Fact]
    public async Task Train_LocalWorkerKilled_IsStartedAgainSameWeights()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, EndlessRun.Options + "--workers 2");
        await coordinator.ReachStepAsync(100);
        int victim = ProcessTable.ChildrenOf(coordinator.Program.Id)[0];

        ProgramProcess.Signal(victim, "KILL");
        string name = (await coordinator.Program.LineAsync(@"^worker (w[12]) lost at ")).Groups[1].Value;
        await coordinator.Program.LineAsync($"^worker {name} joined at ");

        RunVerdict verdict = await EndlessRun.StoppedAsync(coordinator, directory);
        Assert.Equal((3, 1), (verdict.Joined, verdict.Lost));
    }

    [Fact]
    public async Task Train_LocalWorkerTerminated_LeavesForGoodSameWeights()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, EndlessRun.Options + "--workers 2");
        await coordinator.ReachStepAsync(100);
        int leaving = ProcessTable.ChildrenOf(coordinator.Program.Id)[0];

        ProgramProcess.Signal(leaving, "TERM");
        string name = (await coordinator.Program.LineAsync(
            @"^local worker (w[12]) was asked to leave; it is not started again$")).Groups[1].Value;
        await coordinator.Program.LineAsync($"^worker {name} lost at ");
        await coordinator.GoOnAsync();
        Assert.DoesNotContain(leaving, ProcessTable.ChildrenOf(coordinator.Program.Id));
        Assert.Single(ProcessTable.ChildrenOf(coordinator.Program.Id));

        RunVerdict verdict = await EndlessRun.StoppedAsync(coordinator, directory);
        Assert.Equal((2, 1), (verdict.Joined, verdict.Lost));
    }

    [Fact]
    public async Task Train_LastWorkerKilled_WaitsForAnother()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, EndlessRun.Options + "--workers 0");
        string address = (await coordinator.AddressAsync()).TrimEnd('/');
        await using ProgramProcess doomed = CoordinatorProcess.StartWorker(directory, address, "doomed");
        await coordinator.ReachStepAsync(100);

        doomed.Kill();
        await coordinator.Program.LineAsync("^worker doomed lost at ");
        await using ProgramProcess next = CoordinatorProcess.StartWorker(directory, address, "doomed");
        await coordinator.Program.LineAsync("^worker doomed joined at ");
        await coordinator.GoOnAsync();

        RunVerdict verdict = await EndlessRun.StoppedAsync(coordinator, directory);
        Assert.Equal((2, 1), (verdict.Joined, verdict.Lost));
    }

    [Fact]
    public async Task Train_AllWorkersKilled_WaitsGoesOnWithOneAndFailsWithoutAny()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, EndlessRun.Options + "--workers 0 --checkpoint-every 1000000 --worker-timeout 20s");
        string address = (await coordinator.AddressAsync()).TrimEnd('/');
        await using ProgramProcess first = CoordinatorProcess.StartWorker(directory, address, "first");
        await coordinator.ReachStepAsync(20);
        await using ProgramProcess second = CoordinatorProcess.StartWorker(directory, address, "second");
        await coordinator.Program.LineAsync("^worker second joined at ");

        first.Kill();
        second.Kill();

        // It waited for the first as well.
        await coordinator.Program.LineAsync("^waiting for workers 0/1$", times: 2);
        await using (PlainWorker third = await PlainWorker.JoinAsync(address, "third"))
        {
            Task training = third.TrainAsync();
            await coordinator.GoOnAsync();
        }

        // The last, whose call is broken off, leaves nobody.
        Assert.Equal(1, await coordinator.Program.ExitAsync());
        RunVerdict verdict = coordinator.Verdict();
        Assert.Equal("failed", verdict.Status);
        Assert.Equal("0 of 1 workers after waiting for 20 s (--worker-timeout)", verdict.Json.GetProperty("error").GetString());
        Assert.Equal((3, 3), (verdict.Joined, verdict.Lost));
        Assert.Equal(
            $"step-{verdict.Steps:D9}.safetensors", Path.GetFileName(Assert.Single(coordinator.Checkpoints())));
        await EndlessRun.ExpectWholeAsync(verdict, directory);
    }
}
