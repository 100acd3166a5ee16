using Backprop.Serving;
using Backprop.Core.Model;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using Backprop.Worker.Transport;
using Google.Protobuf;
using Grpc.Core;
using CoordinatorFrame = Backprop.Protos.Tensors.Frame<
    Backprop.Protos.CoordinatorMessage, Backprop.Protos.WeightsHeader>;
using WorkerFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.WorkerMessage, Backprop.Protos.NodeHeader>;

namespace Backprop.Cluster.Tests.Tensors;

/// <summary>Whole frames that do not fit where they come: refused, and their array goes back to the pool.</summary>
public sealed class UnfitFrameTests
{
    [Fact]
    public void Join_TensorsInstead_IsRefusedAndTheArrayReturned()
    {
        var message = new WorkerMessage { NodeValue = ProtobufValues.NodeValue(ProtobufValues.Segment(0, 0, [1, 2, 3])) };
        WorkerFrame frame = FrameBytes.ToWorkerFrame(message.ToByteArray());

        // The refusal comes before anything of the session is looked at.
        RpcException error = Assert.Throws<RpcException>(() => JoinCheck.Check(frame, session: null!));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Throws<ObjectDisposedException>(() => frame.Rented!.Values);
    }

    [Theory]
    [InlineData("other", 1, 0, 0)] // another run
    [InlineData("run", 2, 0, 0)] // another step
    [InlineData("run", 1, 1, 0)] // another layer
    [InlineData("run", 1, 0, 3)] // another place
    [InlineData("run", 1, 0, 0)] // the one that is waited for, last
    public void Weights_AnyFrame_TheArrayIsReturned(string run, int step, int layer, int offset)
    {
        var weights = new Protos.Weights { Header = new WeightsHeader { RunId = run, Step = (ulong)step } };
        weights.Segments.Add(ProtobufValues.Segment(layer, offset, new float[15]));
        CoordinatorFrame frame = FrameBytes.ToCoordinatorFrame(new CoordinatorMessage { Weights = weights }.ToByteArray());
        using var incoming = new IncomingFrames();
        incoming.Add(frame);
        var gate = new WeightsGate(incoming, "run", new Backprop.Worker.ComputingTime());
        gate.Expect(1, new Parameters(NetworkShape.Parse("4-3")));

        Exception? refusal = Record.Exception(gate.WaitForAll);

        Assert.Equal((run, step, layer, offset) is not ("run", 1, 0, 0), refusal is MalformedMessageException);
        Assert.Throws<ObjectDisposedException>(() => frame.Rented!.Values);
    }
}
