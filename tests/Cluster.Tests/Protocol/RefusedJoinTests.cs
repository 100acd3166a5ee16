using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Protos;
using Grpc.Core;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>
/// Who may take part. Each refusal has a status that says what was wrong, and the run then gives the same weights with a
/// worker that gets it right.
/// </summary>
public sealed class RefusedJoinTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    public enum WrongJoin
    {
        NewerProtocol,
        OlderProtocol,
        OtherArithmetic,
        NoName,
        LongName,
        ControlCharacterInName,
        NoThreads,
        NoJoinAtAll,
    }

    [Theory]
    [InlineData(WrongJoin.NewerProtocol, StatusCode.FailedPrecondition, "coordinator speaks 1, worker 2: upgrade the coordinator")]
    [InlineData(WrongJoin.OlderProtocol, StatusCode.FailedPrecondition, "coordinator speaks 1, worker 0: upgrade the worker")]
    [InlineData(WrongJoin.OtherArithmetic, StatusCode.FailedPrecondition, "arithmetic fingerprint 0123456789ab instead of ")]
    [InlineData(WrongJoin.NoName, StatusCode.InvalidArgument, "name has 1 to 100")]
    [InlineData(WrongJoin.LongName, StatusCode.InvalidArgument, "name has 1 to 100")]
    [InlineData(WrongJoin.ControlCharacterInName, StatusCode.InvalidArgument, "name has 1 to 100")]
    [InlineData(WrongJoin.NoThreads, StatusCode.InvalidArgument, "not 0")]
    [InlineData(WrongJoin.NoJoinAtAll, StatusCode.InvalidArgument, "JoinRequest")]
    public Task Join_Wrong_IsRefusedWithTheReason(WrongJoin wrong, StatusCode code, string reason) =>
        Misbehaviour.ExpectAsync(directory, code, reason, async address =>
        {
            JoinRequest join = PlainWorker.Request("wrong");
            switch (wrong)
            {
                case WrongJoin.NewerProtocol: join.ProtocolVersion = 2; break;
                case WrongJoin.OlderProtocol: join.ProtocolVersion = 0; break;
                case WrongJoin.OtherArithmetic: join.ArithmeticFingerprint = "0123456789abcdef"; break;
                case WrongJoin.NoName: join.Name = ""; break;
                case WrongJoin.LongName: join.Name = new string('x', 101); break;
                case WrongJoin.ControlCharacterInName: join.Name = "a\u001b[31m"; break;
                case WrongJoin.NoThreads: join.Threads = 0; break;
            }

            var worker = new PlainWorker(address);
            await worker.SendAsync(wrong == WrongJoin.NoJoinAtAll
                ? new WorkerMessage { Heartbeat = new Heartbeat() }
                : new WorkerMessage { Join = join });
            return worker;
        });

    [Fact]
    public async Task Join_OtherArithmeticAllowed_IsAdmittedAndTheRunSaysSo()
    {
        await using CoordinatorProcess coordinator =
            CoordinatorProcess.Start(directory, "--epochs 1 --workers 0 --allow-mixed-arithmetic");
        JoinRequest join = PlainWorker.Request("other");
        join.ArithmeticFingerprint = "0123456789abcdef";
        await using PlainWorker worker = await PlainWorker.JoinAsync(await coordinator.AddressAsync(), join);

        Assert.Equal("completed", (await worker.TrainAsync()).Status);
        await coordinator.CompletedAsync();
        await coordinator.Program.LineAsync("the promise of equal weights is off");
    }

    [Fact]
    public async Task Join_NameOfLivingWorker_HolderKeepsIt()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        string address = await coordinator.AddressAsync();
        await using PlainWorker holder = await PlainWorker.JoinAsync(address, "name");

        JoinRequest other = PlainWorker.Request("name");
        other.Incarnation = 2;
        await using (var second = new PlainWorker(address))
        {
            await second.SendAsync(new WorkerMessage { Join = other });
            Status status = await second.EndAsync();
            Assert.Equal(StatusCode.AlreadyExists, status.StatusCode);
            Assert.Contains("a living worker has the name name", status.Detail, StringComparison.Ordinal);
            Assert.Contains("--name", status.Detail, StringComparison.Ordinal);
        }

        Assert.Equal("completed", (await holder.TrainAsync()).Status);
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((1, 0), (verdict.Joined, verdict.Lost));
    }

    [Fact]
    public async Task Join_MoreThanAreServed_IsRefusedNamingTheLimit()
    {
        const int limit = 256;
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        string address = await coordinator.AddressAsync();
        List<PlainWorker> served = [];
        for (int i = 0; i < limit; i++)
            served.Add(await PlainWorker.JoinAsync(address, $"served-{i}"));

        await using (var late = new PlainWorker(address))
        {
            await late.SendAsync(new WorkerMessage { Join = PlainWorker.Request("late") });
            Status status = await late.EndAsync();
            Assert.Equal(StatusCode.ResourceExhausted, status.StatusCode);
            Assert.Contains($"{limit} workers take part already", status.Detail, StringComparison.Ordinal);
        }

        // One whose life goes on by another connection is not one more.
        served.Add(await PlainWorker.JoinAsync(address, "served-0"));
        Assert.Equal("completed", (await served[^1].TrainAsync()).Status);
        Assert.Equal(await Reference.OneEpochAsync(), (await coordinator.CompletedAsync()).WeightsSha256);
        foreach (PlainWorker worker in served)
            await worker.DisposeAsync();
    }

    [Fact]
    public async Task Join_SameLifeAgain_TakesItsPlace()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        string address = await coordinator.AddressAsync();
        await using PlainWorker halfOpen = await PlainWorker.JoinAsync(address, "name");
        await halfOpen.ReadyAsync();
        Assert.NotNull((await halfOpen.ReceiveAsync())!.Assignment);

        await using PlainWorker again = await PlainWorker.JoinAsync(address, "name");
        Assert.Equal(StatusCode.Unavailable, (await halfOpen.EndAsync()).StatusCode);
        Assert.Equal("completed", (await again.TrainAsync()).Status);

        Assert.Equal(await Reference.OneEpochAsync(), (await coordinator.CompletedAsync()).WeightsSha256);
    }
}
