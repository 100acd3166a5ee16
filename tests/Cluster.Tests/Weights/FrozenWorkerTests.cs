using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>A worker whose connection lives and that says nothing: it is taken for gone, and may come back.</summary>
public sealed class FrozenWorkerTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Train_WorkerFrozenAndThawed_IsEvictedAndJoinsAgainSameWeights()
    {
        const ulong without = HeldRun.LastStep + 1;
        const ulong again = without + 1;
        await using HeldRun run = await HeldRun.StartAsync(directory, without, again);
        await using ProgramProcess frozen = CoordinatorProcess.StartWorker(directory, run.Address, "frozen");
        await run.TakeInAsync("frozen");

        await frozen.FreezeAsync();
        run.Open(HeldRun.LastStep);
        await run.ReachedAsync(without);
        await run.Coordinator.Program.LineAsync($@"^worker frozen lost at step {without}; 1 node reassigned \(silent for .+ s\)$");
        run.Open(without);

        // The run goes on without it; then it wakes, to a step that it was given no node of.
        await run.ReachedAsync(again);
        frozen.Thaw();
        await run.Coordinator.Program.LineAsync($"^worker frozen joined at step {again}$");
        run.Open(again);

        RunVerdict verdict = await run.CompletedAsync();
        Assert.Equal((3, 1, 1), (verdict.Joined, verdict.Lost, verdict.NodesReassigned));
        Assert.Equal(0, await frozen.ExitAsync());
    }
}
