using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Scheduling;
using Backprop.Serving;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using WorkKind = Backprop.Scheduling.WorkKind;

namespace Backprop.Cluster.Tests.SharedMemory;

/// <summary>The run gives a worker nodes at the moment at which its call ends and its memory goes.</summary>
public sealed class CallEndedTests : IDisposable
{
    private static readonly NetworkShape shape = NetworkShape.Parse("5-4-3");

    private static readonly Work work = new(WorkKind.Training, 0, 0, Shards: 1, BatchSize: 10);

    private readonly TemporaryDirectory directory = new();
    private readonly RunWeights weights;

    public CallEndedTests()
    {
        var shared = new SharedWeights(shape);
        Assert.NotNull(shared.Memory);
        weights = new RunWeights(new Parameters(shape), 0, shared, _ => false);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Assign_MemoryIsGone_DoesNotFail()
    {
        WorkerConnection connection = await ReadyAsync();
        connection.Dispose();
        connection.Assign(work, [new ShardNode(0, 1)], weights);
        connection.Ring();
        Assert.Equal([CoordinatorMessage.ContentOneofCase.Assignment, CoordinatorMessage.ContentOneofCase.RunEnded], await SentAsync(connection));
    }

    private async Task<WorkerConnection> ReadyAsync()
    {
        var events = new EventQueue();
        SharedModels shared = SharedModels.Create(Path.Combine(directory.Path, "shared"), shape, count: 4);
        var connection = new WorkerConnection(
            new WorkerId(1), new JoinRequest { Name = "w1", Threads = 1 }, isLocal: true, "run", "ab", new GradientPool(shape),
            new WorkerMemory(shared, door: null, new DoorbellWatch(events, TimeSpan.Zero, TimeProvider.System)), events, TimeProvider.System);
        await connection.ReadAsync(new OneFrame(new WorkerMessage { Ready = new WorkerReady { DatasetSha256 = "ab", SharedMemory = true, SharedWeights = true } }), Cancellation);
        return connection;
    }

    private static async Task<List<CoordinatorMessage.ContentOneofCase>> SentAsync(WorkerConnection connection)
    {
        connection.Finish(new RunEnded());
        var sent = new SentFrames();
        await connection.WriteAsync(sent, Cancellation, Cancellation);
        return [.. sent.Frames.Select(frame => frame.Message?.ContentCase ?? CoordinatorMessage.ContentOneofCase.Weights)];
    }
}
