using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Scheduling;
using Backprop.Serving;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using Grpc.Core;
using Assignment = Backprop.Protos.Assignment;
using NodeValue = Backprop.Protos.NodeValue;
using WorkKind = Backprop.Scheduling.WorkKind;

namespace Backprop.Cluster.Tests.SharedMemory;

/// <summary>A worker's assignments and values by its doorbell; what does not fit ends its call with the status that it has over gRPC.</summary>
public sealed class DoorbellValueTests : IDisposable
{
    private static readonly NetworkShape shape = NetworkShape.Parse("5-4-3");
    private static readonly Work work = new(WorkKind.Training, 0, 0, Shards: 1, BatchSize: 10);

    private readonly TemporaryDirectory directory = new();
    private readonly EventQueue events = new();
    private readonly SharedModels shared;
    private readonly DoorbellListener door;
    private readonly WorkerConnection connection;
    private readonly RunWeights weights;

    public DoorbellValueTests()
    {
        shared = SharedModels.Create(Path.Combine(directory.Path, "shared"), shape, count: 1);
        door = DoorbellListener.TryCreate(Path.Combine(directory.Path, "door"), shared)!;
        connection = new WorkerConnection(
            new WorkerId(1), new JoinRequest { Name = "w1", Threads = 1 }, isLocal: true, "run", "ab", new GradientPool(shape),
            new WorkerMemory(shared, door, new DoorbellWatch(events, TimeSpan.Zero, TimeProvider.System)), events, TimeProvider.System);
        var sharedWeights = new SharedWeights(shape);
        Assert.NotNull(sharedWeights.Memory);
        weights = new RunWeights(new Parameters(shape), 0, sharedWeights, _ => false);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        connection.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Value_InItsSlot_IsTakenFromThere()
    {
        using Doorbell worker = await ReadyAsync();
        Assignment assignment = Assigned(worker);
        Assert.True(assignment.WeightsShared);
        shared[(int)Assert.Single(assignment.Slots)].Layers[1].Biases.Values[2] = 42;
        Assert.True(worker.TrySend(new WorkerMessage { NodeValue = new NodeValue { Header = Header() } }));

        RunEvent happened = await NextAsync();
        Assert.Equal(new ShardNode(0, 1), Assert.IsType<SchedulerEvent.NodeValueReceived>(happened.Event).Node);
        Assert.Equal(42, happened.Sum!.Layers[1].Biases.Values[2]);
        Assert.Equal(10, happened.Totals.ExampleCount);
    }

    [Fact]
    public async Task Value_WithoutAHeader_EndsTheCall() =>
        await RefusedAsync(new WorkerMessage { NodeValue = new NodeValue() }, StatusCode.InvalidArgument, "NodeValue, which does not come this way");

    [Fact]
    public async Task Value_NotAskedFor_EndsTheCall()
    {
        NodeHeader header = Header();
        header.Step = 7;
        await RefusedAsync(
            new WorkerMessage { NodeValue = new NodeValue { Header = header } }, StatusCode.FailedPrecondition,
            "node [0,1) of step 7, which it was not asked for");
    }

    [Fact]
    public async Task Ready_ByTheDoorbell_EndsTheCall() =>
        await RefusedAsync(Ready(), StatusCode.InvalidArgument, "Ready, which does not come this way");

    /// <summary>Its parts come with the call, where another thread reads them.</summary>
    [Fact]
    public async Task Value_NotInASlot_EndsTheCall()
    {
        NodeHeader header = Header();
        header.Shared = false;
        await RefusedAsync(
            new WorkerMessage { NodeValue = new NodeValue { Header = header } }, StatusCode.InvalidArgument, "NodeValue, which does not come this way");
    }

    [Fact]
    public async Task Bytes_ThatAreNoMessage_EndTheCall()
    {
        // A text in the place of a message: the first letter announces a field of 122 bytes.
        await RefusedAsync(new SharedMemoryOffer { Path = "zz" }, StatusCode.InvalidArgument, "by its doorbell");
    }

    [Fact]
    public async Task Ready_NobodyAtTheDoorbell_EndsTheCall()
    {
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => connection.ReadAsync(new OneFrame(Ready()), Cancellation));
        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Contains("was not found there", error.Status.Detail, StringComparison.Ordinal);
    }

    private async Task RefusedAsync(Google.Protobuf.IMessage message, StatusCode code, string reason)
    {
        using Doorbell worker = await ReadyAsync();
        Assigned(worker);
        Assert.True(worker.TrySend(message));
        Status status = await connection.Closed.WaitAsync(ProgramProcess.Deadline, Cancellation);
        Assert.Equal(code, status.StatusCode);
        Assert.Contains(reason, status.Detail, StringComparison.Ordinal);
        while (events.TryTake(out RunEvent happened))
            Assert.IsNotType<SchedulerEvent.NodeValueReceived>(happened.Event);
    }

    /// <summary>A worker whose assignment did not reach it would be waited for as long as it says that it is alive.</summary>
    [Fact]
    public async Task Ring_NothingCanBeSent_EndsTheCall()
    {
        using Doorbell worker = await ReadyAsync();
        connection.Assign(work, [new ShardNode(0, 1)], weights);
        shared.Dispose();
        connection.Ring();
        Status status = await connection.Closed.WaitAsync(ProgramProcess.Deadline, Cancellation);
        Assert.Equal(StatusCode.DeadlineExceeded, status.StatusCode);
        Assert.Contains("w1 does not take what its doorbell brings", status.Detail, StringComparison.Ordinal);
    }

    private async Task<Doorbell> ReadyAsync()
    {
        Doorbell worker = Doorbell.TryConnect(door.Path, shared)!;
        await connection.ReadAsync(new OneFrame(Ready()), Cancellation);
        return worker;
    }

    private Assignment Assigned(Doorbell worker)
    {
        connection.Assign(work, [new ShardNode(0, 1)], weights);
        connection.Ring();
        return worker.Receive(CoordinatorMessage.Parser)!.Assignment;
    }

    private async Task<RunEvent> NextAsync()
    {
        var next = new TaskCompletionSource<RunEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        events.Open(happened =>
        {
            if (happened.Event is SchedulerEvent.NodeValueReceived)
                next.TrySetResult(happened);
        });
        return await next.Task.WaitAsync(ProgramProcess.Deadline, Cancellation);
    }

    private static WorkerMessage Ready() =>
        new() { Ready = new WorkerReady { DatasetSha256 = "ab", SharedMemory = true, SharedWeights = true, Doorbell = true } };

    private static NodeHeader Header() => new()
    {
        RunId = "run", Node = new Node { First = 0, Count = 1 }, Shared = true, Totals = new Totals { ExampleCount = 10 },
    };
}
