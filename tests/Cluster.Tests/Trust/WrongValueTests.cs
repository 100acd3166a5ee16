using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Protos;
using Grpc.Core;

namespace Backprop.Cluster.Tests.Trust;

/// <summary>
/// Workers that compute wrongly: found, named and sent away for good, and the weights are those of a run without them.
/// </summary>
public sealed class WrongValueTests : IDisposable
{
    private const string Two = "--epochs 1 --workers 0 --min-workers 2 ";
    private const ulong Step = 30;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(WrongNumber.FlippedBit)]
    [InlineData(WrongNumber.NotANumber)]
    public async Task Train_AuditedWorkerGivesAWrongValue_IsQuarantinedSameWeights(WrongNumber wrong)
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, Two + "--audit 1 --straggler-timeout off");
        string address = await coordinator.AddressAsync();
        await using PlainWorker honest = await PlainWorker.JoinAsync(address, "honest");
        await using PlainWorker liar = await PlainWorker.JoinAsync(address, "liar");
        Task<RunEnded> training = honest.TrainAsync();
        Status end = await EndOf(liar.TrainAsync(alter: message => Spoil(message, wrong)));

        Assert.Equal(StatusCode.PermissionDenied, end.StatusCode);
        Assert.Matches(@"^worker liar is quarantined: its value of node \[\d,\d\) of step 30 is not what the coordinator computes$", end.Detail);
        await coordinator.Program.LineAsync(@"^worker liar is quarantined: ");
        await using var again = new PlainWorker(address);
        await again.SendAsync(new WorkerMessage { Join = PlainWorker.Request("liar") });
        Assert.Equal(StatusCode.PermissionDenied, (await again.EndAsync()).StatusCode);

        await using PlainWorker other = await PlainWorker.JoinAsync(address, "other");
        Task<RunEnded> alsoTraining = other.TrainAsync();
        Assert.Equal("completed", (await training).Status);
        Assert.Equal("completed", (await alsoTraining).Status);
        await SameWeightsAsync(coordinator);
    }

    [Theory]
    [InlineData(WrongNumber.NotANumber)]
    [InlineData(WrongNumber.Infinity)]
    public async Task Train_WorkerSendsNumbersThatAreNotFinite_AreRecomputedSameWeights(WrongNumber wrong)
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        string address = await coordinator.AddressAsync();
        await using PlainWorker liar = await PlainWorker.JoinAsync(address, "liar");
        Status end = await EndOf(liar.TrainAsync(alter: message => Spoil(message, wrong)));

        Assert.Equal(StatusCode.PermissionDenied, end.StatusCode);
        await coordinator.Program.LineAsync(@"^worker liar sent node \[0,4\) of step 30 with numbers that are not finite; it is recomputed$");
        await coordinator.Program.LineAsync(@"^worker liar is quarantined: ");
        await using PlainWorker honest = await PlainWorker.JoinAsync(address, "honest");
        Assert.Equal("completed", (await honest.TrainAsync()).Status);
        await SameWeightsAsync(coordinator);
    }

    /// <summary>The liar is alone, and each of its values completes a step; or another's value is still to come.</summary>
    [Theory]
    [InlineData(WrongNumber.NotANumber, true)]
    [InlineData(WrongNumber.Infinity, true)]
    [InlineData(WrongNumber.NotANumber, false)]
    public async Task Train_ValueInSharedMemoryIsNotFinite_IsRecomputedSameWeights(WrongNumber wrong, bool isAlone)
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, isAlone ? "--epochs 1 --workers 0" : Two + "--straggler-timeout off");
        string address = await coordinator.AddressAsync();
        JoinRequest beside = PlainWorker.Request("liar");
        beside.SharedMemory = true;
        await using PlainWorker liar = await PlainWorker.JoinAsync(address, beside);
        using var slots = new PlainSlots(liar.Run);
        liar.Slots = slots;
        var gate = new StepGate(Step);
        Task<Status> lying = EndOf(liar.TrainAsync(alter: message => Spoil(message, wrong)));
        await using PlainWorker? waiting = isAlone ? null : await PlainWorker.JoinAsync(address, "waiting");
        Task<RunEnded>? training = waiting?.TrainAsync(beforeAnswer: gate.PassAsync);

        Assert.Equal(StatusCode.PermissionDenied, (await lying).StatusCode);
        await coordinator.Program.LineAsync(@"^worker liar sent node \[\d,\d\) of step 30 with numbers that are not finite; it is recomputed$");
        await coordinator.Program.LineAsync(@"^worker liar is quarantined: ");
        gate.Open(Step);
        await using PlainWorker honest = await PlainWorker.JoinAsync(address, "honest");
        Assert.Equal("completed", (await honest.TrainAsync()).Status);
        if (training is not null)
            Assert.Equal("completed", (await training).Status);
        await SameWeightsAsync(coordinator);
    }

    [Fact]
    public async Task Train_LateWorkerThenGivesOtherBits_AlarmNamesBothSameWeights()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, Two + "--straggler-timeout 100ms");
        string address = await coordinator.AddressAsync();
        await using PlainWorker honest = await PlainWorker.JoinAsync(address, "honest");
        await using PlainWorker liar = await PlainWorker.JoinAsync(address, "liar");
        var gate = new StepGate(Step);
        var ahead = new StepGate(Step + 20);
        Task<RunEnded> training = honest.TrainAsync(beforeAnswer: ahead.PassAsync);
        Task<Status> lying = EndOf(liar.TrainAsync(beforeAnswer: gate.PassAsync, alter: message => Spoil(message, WrongNumber.FlippedBit)));

        // The liar's value comes long after the step was committed with the honest one's.
        await ahead.ReachedAsync(Step + 20);
        gate.Open(Step);
        Assert.Equal(StatusCode.PermissionDenied, (await lying).StatusCode);
        await coordinator.Program.LineAsync(@"^ALARM: workers honest and liar gave node \[\d,\d\) of step 30 other bits; the coordinator computes it itself$");
        await using PlainWorker other = await PlainWorker.JoinAsync(address, "other");
        Task<RunEnded> alsoTraining = other.TrainAsync();
        ahead.Open(Step + 20);
        Assert.Equal("completed", (await training).Status);
        Assert.Equal("completed", (await alsoTraining).Status);
        await SameWeightsAsync(coordinator);
    }

    // Workers whose processors give other bits by right are no liars.
    [Fact]
    public async Task Train_MixedArithmetic_OtherBitsAreNoAlarm()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, Two + "--straggler-timeout 100ms --allow-mixed-arithmetic");
        string address = await coordinator.AddressAsync();
        await using PlainWorker one = await PlainWorker.JoinAsync(address, "one");
        await using PlainWorker other = await PlainWorker.JoinAsync(address, "other");
        var gate = new StepGate(Step);
        var ahead = new StepGate(Step + 20);
        Task<RunEnded> training = one.TrainAsync(beforeAnswer: ahead.PassAsync);
        Task<RunEnded> late = other.TrainAsync(beforeAnswer: gate.PassAsync, alter: message => Spoil(message, WrongNumber.FlippedBit));
        await ahead.ReachedAsync(Step + 20);
        gate.Open(Step);
        ahead.Open(Step + 20);
        Assert.Equal("completed", (await training).Status);
        Assert.Equal("completed", (await late).Status);
        await SameWeightsAsync(coordinator);
        Assert.DoesNotContain("ALARM", coordinator.Program.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_WrongValueWasCommitted_FailsAndTakesItsCheckpointsBack()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, Two + "--straggler-timeout 100ms --checkpoint-every 10");
        string address = await coordinator.AddressAsync();
        await using PlainWorker liar = await PlainWorker.JoinAsync(address, "liar");
        await using PlainWorker honest = await PlainWorker.JoinAsync(address, "honest");
        var gate = new StepGate(Step);
        var ahead = new StepGate(Step + 15);
        ulong lies = Step;
        Task<RunEnded> lying = liar.TrainAsync(beforeAnswer: ahead.PassAsync, alter: message =>
        {
            // Of the two nodes of the step that it computes in the end, the second is the honest one's.
            if (message.IsOf(lies))
                WrongNumbers.Put(message, WrongNumber.FlippedBit);
        });
        Task<RunEnded> training = honest.TrainAsync(beforeAnswer: gate.PassAsync);

        await ahead.ReachedAsync(Step + 15);
        gate.Open(Step);
        Assert.Equal("failed", (await training).Status);
        Assert.Equal(1, await coordinator.Program.ExitAsync());
        RunVerdict verdict = coordinator.Verdict();
        Assert.StartsWith("step 30 was committed with a wrong value of node ", verdict.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.All(coordinator.Checkpoints(), path => Assert.InRange(Core.Formats.CheckpointFile.Read(path).NextStep, 0, (long)Step));
        Assert.NotEmpty(coordinator.Checkpoints());
        ahead.Open(Step + 15);
        await Record.ExceptionAsync(() => lying);
    }

    private static void Spoil(WorkerMessage message, WrongNumber wrong)
    {
        if (message.IsOf(Step))
            WrongNumbers.Put(message, wrong);
    }

    private static async Task<Status> EndOf(Task<RunEnded> training) =>
        (await Assert.ThrowsAsync<RpcException>(() => training)).Status;

    private static async Task SameWeightsAsync(CoordinatorProcess coordinator)
    {
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((150, 1500), (verdict.Steps, verdict.Examples));
    }
}
