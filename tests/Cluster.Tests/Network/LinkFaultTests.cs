using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Weights;

namespace Backprop.Cluster.Tests.Network;

/// <summary>
/// A link between a worker and its coordinator that fails at a point of the test's choice: told, nothing counted twice or
/// left out, and the worker comes back when it is mended.
/// </summary>
public sealed class LinkFaultTests : IDisposable
{
    private const ulong Next = HeldRun.LastStep + 1;
    private const ulong AfterNext = Next + 1;

    /// <summary>Examples that the worker behind the link has computed after the last step, and after the next.</summary>
    private const ulong ExamplesBefore = 5 * (HeldRun.LastStep - HeldRun.JoinStep);
    private const ulong ExamplesAfterNext = ExamplesBefore + 5;

    /// <summary>Some way into a value of 2,260 numbers, with the heartbeats before it.</summary>
    private const int WithinTheValue = 5000;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    public enum End
    {
        ConnectionReset,
        WorkerKilled,
    }

    [Theory]
    [InlineData(End.ConnectionReset)]
    [InlineData(End.WorkerKilled)]
    public async Task Train_EndsWithinAValue_TheValueIsDropped(End how)
    {
        await using HeldRun run = await HeldRun.StartAsync(directory, Next);
        await using FaultyLink link = FaultyLink.To(run.Address);
        await using ProgramProcess far = Start(link, "far");
        await run.TakeInAsync("far");

        Task cut = link.BreakAfter(
            Way.ToCoordinator, WithinTheValue, how == End.ConnectionReset ? LinkFault.Reset : LinkFault.HalfOpen);
        run.Open(HeldRun.LastStep);
        await cut;
        if (how == End.WorkerKilled)
        {
            far.Kill();
            link.Break(LinkFault.Reset);
        }

        await run.Coordinator.Program.LineAsync($@"^worker far lost at step {Next}; 1 node reassigned \(its connection broke\)$");
        link.Mend();
        await using ProgramProcess? again = how == End.WorkerKilled ? Start(link, "far") : null;
        await run.Coordinator.Program.LineAsync($"^worker far joined at step {Next}$");
        run.Open(Next);

        RunVerdict verdict = await run.CompletedAsync();
        Assert.Equal((3, 1, 1), (verdict.Joined, verdict.Lost, verdict.NodesReassigned));
        Assert.Equal(0, await (again ?? far).ExitAsync());
    }

    [Fact]
    public async Task Train_ResetAfterAValueWithinItsStep_ItCountsOnce()
    {
        await using HeldRun run = await HeldRun.StartAsync(directory, Next);
        await using FaultyLink link = FaultyLink.To(run.Address);
        await using ProgramProcess far = Start(link, "far");
        await run.TakeInAsync("far");
        run.Open(HeldRun.LastStep);
        await run.ComputedAsync("far", ExamplesAfterNext);

        link.Break(LinkFault.Reset);
        await run.Coordinator.Program.LineAsync($@"^worker far lost at step {Next} \(its connection broke\)$");
        link.Mend();
        await run.Coordinator.Program.LineAsync($"^worker far joined at step {Next}$");
        run.Open(Next);

        RunVerdict verdict = await run.CompletedAsync();
        Assert.Equal((3, 1, 0), (verdict.Joined, verdict.Lost, verdict.NodesReassigned));
        Assert.Equal(0, await far.ExitAsync());
    }

    [Fact]
    public async Task Train_AnswerToAValueIsLost_ItCountsOnce()
    {
        await using HeldRun run = await HeldRun.StartAsync(directory, Next, AfterNext);
        await using FaultyLink link = FaultyLink.To(run.Address);
        await using ProgramProcess far = Start(link, "far");
        await run.TakeInAsync("far");
        run.Open(HeldRun.LastStep);
        await run.ComputedAsync("far", ExamplesAfterNext);

        // The step with its value is committed; the worker never hears of it, nor of its next node.
        link.Break(LinkFault.AnswersLost);
        run.Open(Next);
        await run.ReachedAsync(AfterNext);
        link.Break(LinkFault.Reset);
        await run.Coordinator.Program.LineAsync(
            $@"^worker far lost at step {AfterNext}; 1 node reassigned \(its connection broke\)$");
        link.Mend();
        await run.Coordinator.Program.LineAsync($"^worker far joined at step {AfterNext}$");
        run.Open(AfterNext);

        RunVerdict verdict = await run.CompletedAsync();
        Assert.Equal((3, 1, 1), (verdict.Joined, verdict.Lost, verdict.NodesReassigned));
        Assert.Equal(0, await far.ExitAsync());
    }

    [Theory]
    [InlineData(LinkFault.HalfOpen)]
    [InlineData(LinkFault.AnswersLost)]
    public async Task Train_HalfOpenConnection_IsNoticedAndTheWorkerComesBack(LinkFault fault)
    {
        await using HeldRun run = await HeldRun.StartAsync(directory, Next);
        await using FaultyLink link = FaultyLink.To(run.Address);
        await using ProgramProcess far = Start(link, "far");
        await run.TakeInAsync("far");

        link.Break(fault);
        run.Open(HeldRun.LastStep);
        await run.ReachedAsync(Next);
        await far.LineAsync($@"^waiting for the coordinator at {link.Address}/? \(The coordinator was silent for 8 s\.\)$");

        // Where the worker's own words still arrive, it is the worker that ends the call.
        string reason = fault == LinkFault.HalfOpen ? @"silent for \S+ s" : "its connection broke";
        await run.Coordinator.Program.LineAsync($@"^worker far lost at step {Next}; 1 node reassigned \({reason}\)$");
        link.Mend();
        await run.Coordinator.Program.LineAsync($"^worker far joined at step {Next}$");
        run.Open(Next);

        RunVerdict verdict = await run.CompletedAsync();
        Assert.Equal((3, 1, 1), (verdict.Joined, verdict.Lost, verdict.NodesReassigned));
        Assert.Equal(0, await far.ExitAsync());
    }

    [Theory]
    [InlineData(25, double.PositiveInfinity)]
    [InlineData(0, 2e6 / 8)]
    public async Task Train_SlowLink_SameWeights(int latencyMilliseconds, double bytesPerSecond)
    {
        await using HeldRun run = await HeldRun.StartAsync(directory);
        await using FaultyLink link = FaultyLink.To(
            run.Address, new LinkPace(TimeSpan.FromMilliseconds(latencyMilliseconds), bytesPerSecond));
        await using ProgramProcess far = Start(link, "far");
        await run.TakeInAsync("far");
        run.Open(HeldRun.LastStep);

        RunVerdict verdict = await run.CompletedAsync();
        Assert.Equal((2, 0, 0), (verdict.Joined, verdict.Lost, verdict.NodesReassigned));
        Assert.Equal(0, await far.ExitAsync());

        // Each of 130 steps brought the 2,260 numbers of a value over it.
        Assert.InRange(link.Carried, 130 * 2260 * sizeof(float), long.MaxValue);
    }

    private ProgramProcess Start(FaultyLink link, string name) =>
        CoordinatorProcess.StartWorker(directory, link.Address, name, "--transport", "grpc");
}
