using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Core.Model;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using Backprop.Serving;
using Backprop.Worker.Relay;

namespace Backprop.Cluster.Tests.Relays;

/// <summary>A relay's computing is that of its slowest worker, not the time until the last value came.</summary>
public sealed class TimeBelowTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Tell_SeveralAnswers_TheLongestOfTheAssignment()
    {
        var time = new TimeBelow();
        time.Begin();
        time.Answered(new NodeHeader { ComputedUs = 700 });
        time.Answered(new NodeHeader { ComputedUs = 900 });
        time.Answered(new NodeHeader { ComputedUs = 800 });
        time.Answered(header: null);
        Assert.Equal(900u, Told(time));

        time.Begin();
        Assert.Equal(0u, Told(time));
        time.Answered(new NodeHeader { ComputedUs = 100 });
        Assert.Equal(100u, Told(time));
    }

    /// <summary>The worker says that it took more than an hour, which neither the relay's own nor the whole way takes.</summary>
    [Theory]
    [InlineData("auto")]
    [InlineData("grpc")]
    public async Task NodeValue_WorkerBehindTellsItsTime_RelayTellsThatOfEachStep(string transport)
    {
        await using PieceByPieceCoordinator coordinator = await PieceByPieceCoordinator.StartAsync();
        await using RelayProcess relay = await RelayProcess.StartAsync(directory, coordinator.Address, "relay", "--transport", transport);
        await relay.Program.LineAsync("^relay: worker relay joined$");
        WorkerConnection above = await coordinator.ReadyAsync();
        await using PlainWorker behind = await PlainWorker.JoinAsync(relay.Address, "behind");
        await behind.ReadyAsync();
        await relay.Program.LineAsync("^relay: worker behind joined$");
        using var computation = new PlainComputation(behind.Run);
        Parameters weights = PieceByPieceCoordinator.WeightsOf(1);

        foreach ((long step, uint says) in new[] { (0L, 4_000_000_000), (1L, 3_900_000_000) })
        {
            PieceByPieceCoordinator.Assign(above, step);
            foreach (TensorPart[] parts in PieceByPieceCoordinator.Pieces(weights, int.MaxValue))
                above.PassWeights(step, parts);
            Assignment assignment = (await behind.ReceiveAsync())!.Assignment;
            await computation.TakeWeightsAsync(assignment, behind.ReceiveAsync);
            foreach (WorkerMessage answer in computation.Answer(assignment))
            {
                answer.NodeValue.Header.ComputedUs = says;
                await behind.SendAsync(answer);
            }

            Assert.Equal(says, (await coordinator.HeaderAsync()).ComputedUs);
        }
    }

    private static uint Told(TimeBelow time)
    {
        var header = new NodeHeader();
        time.Tell(header);
        return header.ComputedUs;
    }
}
