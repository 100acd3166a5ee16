using System.Text.RegularExpressions;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Network;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Weights;
using Backprop.Protos;

namespace Backprop.Cluster.Tests.Relays;

/// <summary>
/// Links on either side of a relay that fail while a step is computed: others compute what was beyond them, nothing counts twice,
/// and all come back when the link is mended.
/// </summary>
public sealed class RelayLinkTests : IDisposable
{
    private const ulong Next = HeldRun.LastStep + 1;

    /// <summary>Of 4 shards of a mini-batch's 10 examples a relay of two threads has three, as two nodes, beside a worker of one.</summary>
    private const ulong ExamplesOfRelay = 8;

    private const ulong ExamplesAfterNext = ExamplesOfRelay * (Next - HeldRun.JoinStep);

    /// <summary>Some way into a value of 2,260 numbers, with the heartbeats before it.</summary>
    private const int WithinTheValue = 5000;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    public enum Cut
    {
        HalfOpen,
        AnswersLost,
        ResetWithinAValue,
    }

    [Theory]
    [InlineData(Cut.HalfOpen)]
    [InlineData(Cut.AnswersLost)]
    [InlineData(Cut.ResetWithinAValue)]
    public async Task Train_RelayCutOffFromItsCoordinator_OthersGoOnAndAllComeBackSameWeights(Cut cut)
    {
        await using HeldRun run = await HeldRun.StartAsync(directory, Next);
        await using FaultyLink link = FaultyLink.To(run.Address);
        await using RelayProcess relay = await RelayProcess.StartAsync(directory, link.Address, "relay", "--transport", "grpc");
        await using ProgramProcess behind = CoordinatorProcess.StartWorker(directory, relay.Address, "behind");
        await run.Coordinator.UntilAsync(RelayStands(2));
        await run.TakeInAsync("relay", ExamplesOfRelay);

        await GoOnCutAsync(run, link, cut);
        await run.ReachedAsync(Next);
        await relay.Program.LineAsync($"^waiting for the coordinator at {Regex.Escape(link.Address)}");
        await behind.LineAsync($"^waiting for the coordinator at {Regex.Escape(relay.Address)}");
        await run.Coordinator.Program.LineAsync($@"^worker relay lost at step {Next}; 2 nodes reassigned \({ReasonOf(cut)}\)$");
        link.Mend();
        await run.Coordinator.Program.LineAsync($"^worker relay joined at step {Next}$");
        await relay.Program.LineAsync("^relay: worker behind joined$", times: 2);
        await run.Coordinator.UntilAsync(RelayStands(2));
        run.Open(Next);

        RunVerdict verdict = await run.CompletedAsync();
        Assert.Equal((3, 1, 2), (verdict.Joined, verdict.Lost, verdict.NodesReassigned));
        Assert.Equal((0, 0), (await relay.Program.ExitAsync(), await behind.ExitAsync()));
    }

    [Theory]
    [InlineData(Cut.HalfOpen)]
    [InlineData(Cut.AnswersLost)]
    [InlineData(Cut.ResetWithinAValue)]
    public async Task Train_WorkerCutOffFromItsRelay_RelayAnswersAndItComesBackSameWeights(Cut cut)
    {
        await using HeldRun run = await HeldRun.StartAsync(directory, Next);
        await using RelayProcess relay = await RelayProcess.StartAsync(directory, run.Address, "relay");
        await using FaultyLink link = FaultyLink.To(relay.Address);
        await using ProgramProcess behind = CoordinatorProcess.StartWorker(directory, link.Address, "behind", "--transport", "grpc");
        await run.Coordinator.UntilAsync(RelayStands(2));
        await run.TakeInAsync("relay", ExamplesOfRelay);

        // Nobody is ever late in this run: the relay has all of the step's examples only once it has handed on what is lost.
        await GoOnCutAsync(run, link, cut);
        await behind.LineAsync($"^waiting for the coordinator at {Regex.Escape(link.Address)}");
        await relay.Program.LineAsync($@"^relay: worker behind lost \({ReasonOf(cut)}\)$");
        await run.Coordinator.UntilAsync(RelayStands(1));
        await run.ComputedAsync("relay", ExamplesAfterNext);
        link.Mend();
        await relay.Program.LineAsync("^relay: worker behind joined$", times: 2);
        await run.Coordinator.UntilAsync(RelayStands(2));
        run.Open(Next);

        RunVerdict verdict = await run.CompletedAsync();
        Assert.Equal((2, 0, 0), (verdict.Joined, verdict.Lost, verdict.NodesReassigned));
        Assert.Equal((0, 0), (await relay.Program.ExitAsync(), await behind.ExitAsync()));
    }

    /// <summary>Lets the run go on to the next step, for which what is beyond the link cannot answer.</summary>
    private static async Task GoOnCutAsync(HeldRun run, FaultyLink link, Cut cut)
    {
        Task broken = Task.CompletedTask;
        if (cut == Cut.ResetWithinAValue)
            broken = link.BreakAfter(Way.ToCoordinator, WithinTheValue, LinkFault.Reset);
        else
            link.Break(cut == Cut.HalfOpen ? LinkFault.HalfOpen : LinkFault.AnswersLost);
        run.Open(HeldRun.LastStep);
        await broken;
    }

    /// <summary>Where the words of who is cut off still arrive, it is that side which ends the call.</summary>
    private static string ReasonOf(Cut cut) => cut == Cut.HalfOpen ? @"silent for \S+ s" : "its connection broke";

    private static Func<RunStatus, bool> RelayStands(uint threads) =>
        status => status.Workers.Any(worker => worker.Name == "relay" && worker.Activity != "lost" && worker.Threads == threads);
}
