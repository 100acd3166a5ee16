using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using Backprop.Protos.Tensors;
using Backprop.Scheduling;
using Backprop.Serving;
using Backprop.Worker;
using Backprop.Worker.Transport;
using Google.Protobuf;
using Grpc.Core;
using CoordinatorFrame = Backprop.Protos.Tensors.Frame<
    Backprop.Protos.CoordinatorMessage, Backprop.Protos.WeightsHeader>;
using NodeValue = Backprop.Protos.NodeValue;
using Work = Backprop.Scheduling.Work;
using WorkerFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.WorkerMessage, Backprop.Protos.NodeHeader>;
using WorkKind = Backprop.Scheduling.WorkKind;

namespace Backprop.Cluster.Tests.Tensors;

/// <summary>Numbers are read straight to where they belong, if that is known and they fit there.</summary>
public sealed class TensorPlacesTests
{
    // Layer 0 has 4·3 + 3 = 15 numbers, layer 1 has 3·2 + 2 = 8.
    private static readonly NetworkShape shape = NetworkShape.Parse("4-3-2");

    [Theory]
    [InlineData(int.MaxValue, true)]
    [InlineData(int.MaxValue, false)]
    [InlineData(3, true)]
    [InlineData(3, false)]
    public async Task Read_PartsThatFit_StandInTheirPlaces(int pieceLength, bool isHeaderFirst)
    {
        var sum = new GradientSum(shape);
        float[] last = [1, 2, 3, 4, 5, 6, 7, 8], first = [9, 10, 11];
        byte[] message = Message(isHeaderFirst, ProtobufValues.Segment(1, 0, last), ProtobufValues.Segment(0, 4, first));

        WorkerFrame frame = await ReadAsync(message, _ => sum.Layers, pieceLength);

        Assert.Null(frame.Rented);
        Assert.Equal(ProtobufValues.Header, frame.Header);
        Assert.Equal(last, sum.Layers[1].Numbers.ToArray());
        Assert.Equal([0, 0, 0, 0, .. first, 0, 0, 0, 0, 0, 0, 0, 0], sum.Layers[0].Numbers.ToArray());
        Assert.Equal([(1, 0, 8), (0, 4, 3)], frame.Parts.Select(part => (part.Layer, part.Offset, part.Values.Length)));
        Assert.True(frame.Parts[0].Values.Span == sum.Layers[1].Numbers.Span);
        Assert.True(frame.Parts[1].Values.Span == sum.Layers[0].Numbers.Span.Slice(4, 3));
    }

    [Theory]
    [InlineData(2, 0, 1)] // no such layer
    [InlineData(1, 8, 1)] // behind the layer's end
    [InlineData(1, 7, 2)] // across it
    [InlineData(1, 0, 9)] // more than the layer
    [InlineData(1, int.MaxValue, 8)]
    [InlineData(int.MaxValue, 0, 8)]
    public async Task Read_PartThatDoesNotFit_StandsElsewhereAndIsRefused(int layer, int offset, int count)
    {
        var sum = new GradientSum(shape);
        float[] numbers = [.. Enumerable.Range(1, count).Select(number => (float)number)];
        WorkerFrame frame = await ReadAsync(Message(isHeaderFirst: true, ProtobufValues.Segment(layer, offset, numbers)), _ => sum.Layers);

        Assert.Equal(numbers, frame.Parts[0].Values.ToArray());
        Assert.All(sum.Layers, untouched => Assert.All(untouched.Numbers.ToArray(), number => Assert.Equal(0, number)));
        var assembly = new TensorAssembly(descending: true);
        assembly.Begin(sum.Layers);
        Assert.Throws<MalformedMessageException>(() => assembly.Accept(frame.Parts[0]));
        frame.Rented!.Return();
    }

    [Theory]
    [InlineData(true, "run", 7, 0, 2, false, true)]
    [InlineData(false, "run", 7, 0, 2, false, false)] // not asked for
    [InlineData(true, "other", 7, 0, 2, false, false)]
    [InlineData(true, "run", 8, 0, 2, false, false)]
    [InlineData(true, "run", 7, 2, 2, false, false)]
    [InlineData(true, "run", 7, 0, 2, true, false)] // it is said to stand in shared memory
    public void PlacesOf_Value_OnlyOneThatIsOwed(bool isAsked, string run, int step, int first, int count, bool isShared, bool hasPlace)
    {
        NodeValueReader reader = Reader();
        if (isAsked)
            reader.Ask(new Work(WorkKind.Training, 0, 7, 4, 8), [new ShardNode(0, 2)], withSlots: false);

        var header = new NodeHeader { RunId = run, Step = (ulong)step, Node = new Node { First = (uint)first, Count = (uint)count }, Shared = isShared };

        Assert.Equal(hasPlace, reader.PlacesOf(header) is not null);
        Assert.Null(reader.PlacesOf(new NodeHeader { RunId = run, Step = (ulong)step }));
    }

    [Fact]
    public async Task Read_ValueInPlaces_IsTheValue()
    {
        NodeValueReader reader = Reader();
        reader.Ask(new Work(WorkKind.Training, 0, 77, 4, 10), [new ShardNode(2, 2)], withSlots: false);
        float[] last = [1, 2, 3, 4, 5, 6, 7, 8];
        float[] first = [.. Enumerable.Range(9, 15).Select(number => (float)number)];
        WorkerFrame one = await ReadAsync(Message(isHeaderFirst: true, ProtobufValues.Segment(1, 0, last)), reader.PlacesOf);
        Assert.Null(reader.Read(one.Header!, one.Parts));
        WorkerFrame other = await ReadAsync(Message(isHeaderFirst: true, ProtobufValues.Segment(0, 0, first)), reader.PlacesOf);

        GradientSum sum = reader.Read(other.Header!, other.Parts)!.Value.Sum;

        Assert.Null(one.Rented);
        Assert.Null(other.Rented);
        Assert.Equal(last, sum.Layers[1].Numbers.ToArray());
        Assert.Equal(first, sum.Layers[0].Numbers.ToArray());
        Assert.Null(reader.PlacesOf(other.Header!));
    }

    [Fact]
    public void Read_SentThoughASlotWasNamed_IsRefusedAndTakesNoMemory()
    {
        using var directory = new TemporaryDirectory();
        using SharedModels shared = SharedModels.Create(Path.Combine(directory.Path, "shared"), shape, count: 1);
        var reader = new NodeValueReader(default, "w1", "run", new GradientPool(shape), new ValueSlots(shared), TimeProvider.System);
        Assert.Equal([0], reader.Ask(new Work(WorkKind.Training, 0, 77, 4, 10), [new ShardNode(2, 2)], withSlots: true));

        Assert.Null(reader.PlacesOf(ProtobufValues.Header));
        RpcException refusal = Assert.Throws<RpcException>(() => reader.Read(ProtobufValues.Header, []));
        Assert.Equal(StatusCode.FailedPrecondition, refusal.StatusCode);
        Assert.Equal("Worker w1 sent node [2,4) of step 77 by its call, where it was to stand in shared memory.", refusal.Status.Detail);
    }

    [Fact]
    public void PlacesOf_Weights_OnlyOfTheStepThatIsExpectedAndWhileItIs()
    {
        using var incoming = new IncomingFrames();
        var gate = new WeightsGate(incoming, "run", new ComputingTime());
        var parameters = new Parameters(NetworkShape.Parse("4-3"));
        var header = new WeightsHeader { RunId = "run", Step = 1 };
        Assert.Null(incoming.PlacesOf(header));

        gate.Expect(1, parameters);
        Assert.Same(parameters.Layers, incoming.PlacesOf(header));
        Assert.Null(incoming.PlacesOf(new WeightsHeader { RunId = "run", Step = 2 }));
        Assert.Null(incoming.PlacesOf(new WeightsHeader { RunId = "other", Step = 1 }));

        incoming.Add(new CoordinatorFrame(header, [new TensorPart(0, 0, new float[15])]));
        gate.WaitForAll();
        Assert.Null(incoming.PlacesOf(header));
    }

    [Fact]
    public async Task Receive_Conversation_ReadsExpectedWeightsIntoTheirPlaces()
    {
        using var incoming = new IncomingFrames();
        var parameters = new Parameters(NetworkShape.Parse("4-3"));
        new WeightsGate(incoming, "run", new ComputingTime()).Expect(1, parameters);
        float[] numbers = [.. Enumerable.Range(1, 15).Select(number => (float)number)];
        byte[] message = FrameBytes.Of(new CoordinatorFrame(new WeightsHeader { RunId = "run", Step = 1 }, [new TensorPart(0, 0, numbers)]));
        var frames = new OneFrame<CoordinatorFrame>(() => FrameBytes.ToCoordinatorFrame(message));

        await new Conversation(frames, incoming, new OutgoingFrames(), TimeProvider.System).ReceiveAsync(TestContext.Current.CancellationToken);

        Assert.Null(incoming.Take().Rented);
        Assert.Equal(numbers, parameters.Layers[0].Numbers.ToArray());
    }

    [Fact]
    public async Task Read_Connection_ReadsOwedValuesIntoTheirPlaces()
    {
        var events = new EventQueue();
        using var connection = new WorkerConnection(
            new WorkerId(1), new JoinRequest { Name = "w1", Threads = 1 }, isLocal: false, "run", "ab", new GradientPool(shape),
            new WorkerMemory(null, null, new DoorbellWatch(events, TimeSpan.Zero, TimeProvider.System)), events, TimeProvider.System);
        connection.AssignAhead(new Work(WorkKind.Training, 0, 77, 4, 10), [new ShardNode(2, 2)], []);
        byte[] message = Message(isHeaderFirst: true, ProtobufValues.Segment(1, 0, [1, 2, 3, 4, 5, 6, 7, 8]));
        var frames = new OneFrame<WorkerFrame>(() => FrameBytes.ToWorkerFrame(message));

        await connection.ReadAsync(frames, TestContext.Current.CancellationToken);

        Assert.Null(frames.Current.Rented);
    }

    private static NodeValueReader Reader() =>
        new(default, "w1", "run", new GradientPool(shape), new ValueSlots(null), TimeProvider.System);

    private static byte[] Message(bool isHeaderFirst, params IEnumerable<TensorSegment> segments)
    {
        NodeValue value = ProtobufValues.NodeValue(segments);
        if (isHeaderFirst)
            return new WorkerMessage { NodeValue = value }.ToByteArray();

        // One message after the other is, in protobuf, one message with the fields of both.
        byte[] content = [.. new NodeValue { Segments = { value.Segments } }.ToByteArray(), .. new NodeValue { Header = value.Header }.ToByteArray()];
        return [(WorkerMessage.NodeValueFieldNumber << 3) | 2, checked((byte)content.Length), .. content];
    }

    /// <summary>In a flow of its own, so that the places are forgotten with it.</summary>
    private static Task<WorkerFrame> ReadAsync(
        byte[] message, Func<NodeHeader, IReadOnlyList<LayerParameters>?> placesOf, int pieceLength = int.MaxValue) => Task.Run(() =>
    {
        TensorPlaces.Use(placesOf);
        return FrameBytes.ToWorkerFrame(message, pieceLength);
    });
}
