using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Weights;

namespace Backprop.Cluster.Tests.Lifecycle;

/// <summary>Two workers under one name: the living holder keeps it, and the next one takes it when the holder is dead.</summary>
public sealed class TakenNameTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Join_NameOfWorkerThatThenDies_TakesItSameWeights()
    {
        await using HeldRun run = await HeldRun.StartAsync(directory);
        await using ProgramProcess holder = CoordinatorProcess.StartWorker(directory, run.Address, "name");
        await run.TakeInAsync("name");
        await using ProgramProcess next = CoordinatorProcess.StartWorker(directory, run.Address, "name");
        await next.LineAsync($@"^waiting for the coordinator at {run.Address}/? \(a living worker has the name name; ");

        holder.Kill();
        await run.Coordinator.Program.LineAsync($@"^worker name lost at step {HeldRun.LastStep} \(.+\)$");
        await run.Coordinator.Program.LineAsync($"^worker name joined at step {HeldRun.LastStep}$");
        run.Open(HeldRun.LastStep);

        RunVerdict verdict = await run.CompletedAsync();
        Assert.Equal((3, 1, 0), (verdict.Joined, verdict.Lost, verdict.NodesReassigned));
        Assert.Equal(0, await next.ExitAsync());
    }

    [Fact]
    public async Task Join_NameOfWorkerThatLives_IsRefusedForGood()
    {
        await using HeldRun run = await HeldRun.StartAsync(directory);
        await using ProgramProcess holder = CoordinatorProcess.StartWorker(directory, run.Address, "name");
        await run.TakeInAsync("name");
        await using ProgramProcess next = CoordinatorProcess.StartWorker(directory, run.Address, "name");

        await next.LineAsync("refuses this worker: a living worker has the name name; start this one with another --name");
        Assert.Equal(2, await next.ExitAsync());
        run.Open(HeldRun.LastStep);

        RunVerdict verdict = await run.CompletedAsync();
        Assert.Equal((2, 0, 0), (verdict.Joined, verdict.Lost, verdict.NodesReassigned));
        Assert.Equal(0, await holder.ExitAsync());
    }
}
