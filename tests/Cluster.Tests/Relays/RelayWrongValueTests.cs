using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Cluster.Tests.Trust;
using Backprop.Cluster.Tests.Weights;
using Backprop.Protos;

namespace Backprop.Cluster.Tests.Relays;

/// <summary>
/// A worker behind a relay computes wrongly: the relay's sum is what the coordinator sees, so the relay is named and sent away,
/// the innocent go on behind another, and the weights are those of a run without it.
/// </summary>
public sealed class RelayWrongValueTests : IDisposable
{
    private const string Two = "--workers 0 --min-workers 2 ";
    private const ulong Step = 30;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(WrongNumber.FlippedSign, "--audit 1", "^ALARM: workers (honest and relay|relay and honest) gave node {0} other bits; the coordinator computes it itself$")]
    [InlineData(WrongNumber.NotANumber, "", "^worker relay sent node {0} with numbers that are not finite; it is recomputed$")]
    [InlineData(WrongNumber.Infinity, "", "^worker relay sent node {0} with numbers that are not finite; it is recomputed$")]
    public async Task Train_WorkerBehindARelayGivesAWrongValue_RelayIsQuarantinedSameWeights(WrongNumber wrong, string options, string alarm)
    {
        const string node = @"\[\d,\d\) of step 30";
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, "--epochs 1 --straggler-timeout off " + Two + options);
        string address = await coordinator.AddressAsync();
        await using PlainWorker honest = await PlainWorker.JoinAsync(address, "honest");
        await using RelayProcess relay = await RelayProcess.StartAsync(directory, address, "relay");
        await using PlainWorker liar = await PlainWorker.JoinAsync(relay.Address, "liar");
        Task<RunEnded> lying = liar.TrainAsync(alter: message =>
        {
            if (message.IsOf(Step))
                WrongNumbers.Put(message, wrong);
        });
        await using ProgramProcess innocent = CoordinatorProcess.StartWorker(directory, relay.Address, "innocent");
        await coordinator.UntilAsync(status => status.Workers.Any(worker => worker.Name == "relay" && worker.Threads == 3));
        var gate = new StepGate(Step + 1);
        Task<RunEnded> training = honest.TrainAsync(beforeAnswer: gate.PassAsync);

        await coordinator.Program.LineAsync(string.Format(null, alarm, node));
        string reason = $"worker relay is quarantined: its value of node {node} is not what the coordinator computes";
        await coordinator.Program.LineAsync($"^{reason}$");
        await relay.Program.LineAsync($"refuses this worker: {reason}");
        Assert.Equal(2, await relay.Program.ExitAsync());
        Assert.Equal("interrupted", (await lying).Status);

        // Not under its name again; who was behind it comes to another at its address.
        await using ProgramProcess again = CoordinatorProcess.StartWorker(directory, address, "relay", "--relay", $"127.0.0.1:{relay.Port}");
        Assert.Equal(2, await again.ExitAsync());
        await using RelayProcess next = await RelayProcess.StartAsync(directory, address, "next", relay.Port);
        await next.Program.LineAsync("^relay: worker innocent joined$");
        gate.Open(Step + 1);

        Assert.Equal("completed", (await training).Status);
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((150, 1500), (verdict.Steps, verdict.Examples));
        Assert.Equal((0, 0), (await next.Program.ExitAsync(), await innocent.ExitAsync()));
    }

    [Fact]
    public async Task Train_WrongValueOfARelayWasCommitted_FailsAndResumesToTheSameWeights()
    {
        // Long enough for the liar never to be late: the relay would drop its value for its own.
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, EndlessRun.Options + Two + "--straggler-timeout 5s");
        string address = await coordinator.AddressAsync();
        JoinRequest twoThreads = PlainWorker.Request("honest");
        twoThreads.Threads = 2;
        await using PlainWorker honest = await PlainWorker.JoinAsync(address, twoThreads);
        await using RelayProcess relay = await RelayProcess.StartAsync(directory, address, "relay");
        await using PlainWorker liar = await PlainWorker.JoinAsync(relay.Address, "liar");
        Task<RunEnded> lying = liar.TrainAsync(alter: message =>
        {
            if (message.IsOf(Step))
                WrongNumbers.Put(message, WrongNumber.FlippedSign);
        });
        await coordinator.UntilAsync(status => status.Workers.Any(worker => worker.Name == "relay" && worker.Threads == 2));
        var gate = new StepGate(Step);
        Task<RunEnded> training = honest.TrainAsync(beforeAnswer: gate.PassAsync);

        // The relay gives the honest one's node too, a half of it from the liar, and the run goes on past a checkpoint.
        await coordinator.Program.LineAsync(@"^worker honest is late at step 30\b");
        await coordinator.UntilAnyCheckpointAsync();
        gate.Open(Step);
        await coordinator.Program.LineAsync(@"^ALARM: workers relay and honest gave node \[2,4\) of step 30 other bits; the coordinator computes it itself$");
        await coordinator.Program.LineAsync(@"^worker relay is quarantined: its value of node \[2,4\) of step 30 ");
        Assert.Equal(1, await coordinator.Program.ExitAsync());
        Assert.StartsWith(
            "step 30 was committed with a wrong value of node [2,4)", coordinator.Verdict().Json.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Empty(coordinator.Checkpoints());
        Assert.Equal("failed", (await training).Status);
        await Record.ExceptionAsync(() => lying);

        await using CoordinatorProcess resumed = CoordinatorProcess.Resume(directory, "--workers 0 --min-workers 1");
        await using ProgramProcess other = CoordinatorProcess.StartWorker(directory, await resumed.AddressAsync(), "other");
        await resumed.GoOnAsync();
        await EndlessRun.StoppedAsync(resumed, directory);
    }
}
