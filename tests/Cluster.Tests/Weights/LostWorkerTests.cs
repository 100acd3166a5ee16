using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>Workers that die on the way: told, their nodes computed by others, and not a bit of the weights changed.</summary>
public sealed class LostWorkerTests : IDisposable
{
    private const string Endless = "--epochs 100000 ";

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
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, Endless + "--workers 2");
        await coordinator.ReachStepAsync(100);
        int victim = ProcessTable.ChildrenOf(coordinator.Program.Id)[0];

        ProgramProcess.Signal(victim, "KILL");
        string name = (await coordinator.Program.LineAsync(@"^worker (w[12]) lost at ")).Groups[1].Value;
        await coordinator.Program.LineAsync($"^worker {name} joined at ");

        RunVerdict verdict = await StoppedAsync(coordinator);
        Assert.Equal((3, 1), (verdict.Joined, verdict.Lost));
    }

    [Fact]
    public async Task Train_LocalWorkerTerminated_LeavesForGoodSameWeights()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, Endless + "--workers 2");
        await coordinator.ReachStepAsync(100);
        int leaving = ProcessTable.ChildrenOf(coordinator.Program.Id)[0];

        ProgramProcess.Signal(leaving, "TERM");
        string name = (await coordinator.Program.LineAsync(
            @"^local worker (w[12]) was asked to leave; it is not started again$")).Groups[1].Value;
        await coordinator.Program.LineAsync($"^worker {name} lost at ");
        await coordinator.GoOnAsync();
        Assert.DoesNotContain(leaving, ProcessTable.ChildrenOf(coordinator.Program.Id));
        Assert.Single(ProcessTable.ChildrenOf(coordinator.Program.Id));

        RunVerdict verdict = await StoppedAsync(coordinator);
        Assert.Equal((2, 1), (verdict.Joined, verdict.Lost));
    }

    [Fact]
    public async Task Train_LastWorkerKilled_WaitsForAnother()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, Endless + "--workers 0");
        string address = (await coordinator.AddressAsync()).TrimEnd('/');
        await using ProgramProcess doomed = CoordinatorProcess.StartWorker(directory, address, "doomed");
        await coordinator.ReachStepAsync(100);

        doomed.Kill();
        await coordinator.Program.LineAsync("^worker doomed lost at ");
        await using ProgramProcess next = CoordinatorProcess.StartWorker(directory, address, "doomed");
        await coordinator.Program.LineAsync("^worker doomed joined at ");
        await coordinator.GoOnAsync();

        RunVerdict verdict = await StoppedAsync(coordinator);
        Assert.Equal((2, 1), (verdict.Joined, verdict.Lost));
    }

    /// <summary>Ends an endless run, whose weights must be those of so many steps in one process.</summary>
    private async Task<RunVerdict> StoppedAsync(CoordinatorProcess coordinator)
    {
        RunVerdict verdict = await coordinator.StoppedAsync();
        Assert.Equal(await Reference.AfterAsync(directory, verdict.Steps), verdict.WeightsSha256);
        Assert.Equal(verdict.Steps * 10, verdict.Examples);
        return verdict;
    }
}
