using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Core.Model;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using Backprop.Serving;
using Grpc.Core;

namespace Backprop.Cluster.Tests.Relays;

/// <summary>What faults there are in the middle of a step's weights.</summary>
public enum MiddleFault
{
    CoordinatorGone,
    RelayKilled,
}

/// <summary>Weights go through a relay as they come, and what its workers compute is the same whatever happens in the middle of them.</summary>
public sealed class PassedWeightsTests : IAsyncLifetime
{
    private const int NumbersAPiece = 500;

    private readonly TemporaryDirectory directory = new();
    private readonly Parameters weights = PieceByPieceCoordinator.WeightsOf(1);
    private PieceByPieceCoordinator coordinator = null!;

    public async ValueTask InitializeAsync() => coordinator = await PieceByPieceCoordinator.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await coordinator.DisposeAsync();
        directory.Dispose();
    }

    /// <summary>The relay's own worker reads them in shared memory, or has them sent too.</summary>
    [Theory]
    [InlineData("auto")]
    [InlineData("grpc")]
    public async Task Weights_APartHasCome_WorkersBehindHaveItBeforeTheNext(string transport)
    {
        await using RelayProcess relay = await StartRelayAsync(transport);
        WorkerConnection above = await coordinator.ReadyAsync();
        await using PlainWorker behind = await JoinAsync(relay, "behind");
        using var computation = new PlainComputation(behind.Run);

        PieceByPieceCoordinator.Assign(above, 0);
        Assignment assignment = (await behind.ReceiveAsync())!.Assignment;
        await TakeEachAsync(above, 0, PieceByPieceCoordinator.Pieces(weights, NumbersAPiece), computation, assignment, behind);
        await AnswerAsync(behind, computation, assignment);

        await ExpectSumAsync(0, weights);
        Assert.DoesNotContain("lost", relay.Program.Errors, StringComparison.Ordinal);
    }

    /// <summary>Nodes of one that is lost go to one that joined in between, who gets what came before, and what comes after.</summary>
    [Theory]
    [InlineData("auto")]
    [InlineData("grpc")]
    public async Task Weights_AWorkerLostAndAnotherJoinsInTheMiddle_ItGetsThemFromTheBeginning(string transport)
    {
        await using RelayProcess relay = await StartRelayAsync(transport);
        WorkerConnection above = await coordinator.ReadyAsync();
        PlainWorker lost = await JoinAsync(relay, "lost");
        IReadOnlyList<TensorPart[]> pieces = PieceByPieceCoordinator.Pieces(weights, NumbersAPiece);
        PieceByPieceCoordinator.Assign(above, 0);
        Assert.NotNull((await lost.ReceiveAsync())!.Assignment);
        above.PassWeights(0, pieces[0]);
        Assert.NotNull((await lost.ReceiveAsync())!.Weights);

        await using PlainWorker joiner = await JoinAsync(relay, "joiner");
        using var computation = new PlainComputation(joiner.Run);
        await lost.DisposeAsync();
        Assignment assignment = (await joiner.ReceiveAsync())!.Assignment;
        CoordinatorMessage first = (await joiner.ReceiveAsync())!;
        ExpectPiece(pieces[0], first);
        await TakeEachAsync(above, 0, [.. pieces.Skip(1)], computation, assignment, joiner, first);
        await AnswerAsync(joiner, computation, assignment);

        await ExpectSumAsync(0, weights);
    }

    /// <summary>It must not hear of more nodes between the parts of the weights: it takes nothing else there.</summary>
    [Theory]
    [InlineData("auto")]
    [InlineData("grpc")]
    public async Task Weights_AWorkerLostInTheMiddle_TheOthersGetItsNodesAfterTheWeights(string transport)
    {
        await using RelayProcess relay = await StartRelayAsync(transport);
        WorkerConnection above = await coordinator.ReadyAsync();
        PlainWorker lost = await JoinAsync(relay, "lost");
        IReadOnlyList<TensorPart[]> pieces = PieceByPieceCoordinator.Pieces(weights, NumbersAPiece);
        PieceByPieceCoordinator.Assign(above, 0);
        above.PassWeights(0, pieces[0]);
        Assert.NotNull((await lost.ReceiveAsync())!.Assignment);
        Assert.NotNull((await lost.ReceiveAsync())!.Weights);

        await lost.DisposeAsync();
        await relay.Program.LineAsync(@"^relay: worker lost lost \(.+\)$");
        foreach (TensorPart[] parts in pieces.Skip(1))
            above.PassWeights(0, parts);

        await ExpectSumAsync(0, weights);
        Assert.DoesNotContain("worker relay lost", relay.Program.Errors, StringComparison.Ordinal);
    }

    /// <summary>The run goes on from other weights: nothing of the half that was there before comes into them.</summary>
    [Theory]
    [InlineData(MiddleFault.CoordinatorGone, "auto")]
    [InlineData(MiddleFault.CoordinatorGone, "grpc")]
    [InlineData(MiddleFault.RelayKilled, "auto")]
    [InlineData(MiddleFault.RelayKilled, "grpc")]
    public async Task Weights_BrokenOffInTheMiddle_WorkersBehindBeginWithOthersAnew(MiddleFault fault, string transport)
    {
        RelayProcess relay = await StartRelayAsync(transport);
        await using RelayProcess first = relay;
        WorkerConnection above = await coordinator.ReadyAsync();
        await using ProgramProcess worker = CoordinatorProcess.StartWorker(directory, relay.Address, "worker", "--transport", transport);
        await relay.Program.LineAsync("^relay: worker worker joined$");
        await using PlainWorker behind = await JoinAsync(relay, "behind");
        IReadOnlyList<TensorPart[]> pieces = PieceByPieceCoordinator.Pieces(weights, NumbersAPiece);
        PieceByPieceCoordinator.Assign(above, 1);
        above.PassWeights(1, pieces[0]);
        Assert.NotNull((await behind.ReceiveAsync())!.Assignment);
        ExpectPiece(pieces[0], (await behind.ReceiveAsync())!);

        if (fault == MiddleFault.RelayKilled)
        {
            relay.Program.Kill();
            await Assert.ThrowsAsync<RpcException>(behind.ReceiveAsync);
            relay = await RelayProcess.StartAsync(directory, coordinator.Address, "relay", relay.Port, "--transport", transport);
        }
        else
        {
            above.Close(new Status(StatusCode.Unavailable, "the coordinator is gone"));
            Assert.Equal("interrupted", (await behind.ReceiveAsync())!.RunEnded.Status);
        }

        await using RelayProcess? next = relay == first ? null : relay;
        above = await coordinator.ReadyAsync();
        await relay.Program.LineAsync("^relay: worker worker joined$", fault == MiddleFault.RelayKilled ? 1 : 2);
        Parameters others = PieceByPieceCoordinator.WeightsOf(2);
        PieceByPieceCoordinator.Assign(above, 0);
        foreach (TensorPart[] parts in PieceByPieceCoordinator.Pieces(others, NumbersAPiece))
            above.PassWeights(0, parts);

        await ExpectSumAsync(0, others);
    }

    private static async Task<PlainWorker> JoinAsync(RelayProcess relay, string name)
    {
        PlainWorker worker = await PlainWorker.JoinAsync(relay.Address, name);
        await worker.ReadyAsync();
        await relay.Program.LineAsync($"^relay: worker {name} joined$");
        return worker;
    }

    /// <summary>Sends a piece only once the one before has come through the relay.</summary>
    /// <param name="before">What has come already.</param>
    private static async Task TakeEachAsync(
        WorkerConnection above, long step, IReadOnlyList<TensorPart[]> pieces, PlainComputation computation, Assignment assignment,
        PlainWorker worker, params CoordinatorMessage[] before)
    {
        Queue<CoordinatorMessage> came = new(before);
        foreach (TensorPart[] parts in pieces)
        {
            above.PassWeights(step, parts);
            CoordinatorMessage message = (await worker.ReceiveAsync())!;
            ExpectPiece(parts, message);
            came.Enqueue(message);
        }

        await computation.TakeWeightsAsync(assignment, () => Task.FromResult<CoordinatorMessage?>(came.Dequeue()));
    }

    private static void ExpectPiece(TensorPart[] parts, CoordinatorMessage message) => Assert.Equal(
        parts.Select(part => ((uint)part.Layer, (uint)part.Offset, PlainComputation.Bytes(part.Values.Span))),
        message.Weights.Segments.Select(segment => (segment.Layer, segment.Offset, segment.Values)));

    private static async Task AnswerAsync(PlainWorker worker, PlainComputation computation, Assignment assignment)
    {
        foreach (WorkerMessage answer in computation.Answer(assignment))
            await worker.SendAsync(answer);
    }

    private async Task<RelayProcess> StartRelayAsync(string transport)
    {
        RelayProcess relay = await RelayProcess.StartAsync(directory, coordinator.Address, "relay", "--transport", transport);
        await relay.Program.LineAsync("^relay: worker relay joined$");
        return relay;
    }

    private async Task ExpectSumAsync(long step, Parameters with) =>
        Assert.True((await coordinator.SumAsync()).HasSameBits(PieceByPieceCoordinator.SumOf(step, with)));
}
