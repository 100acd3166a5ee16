using Backprop.Core.Data;
using Backprop.Core.Model;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using Google.Protobuf;
using CoordinatorFrame = Backprop.Protos.Tensors.Frame<
    Backprop.Protos.CoordinatorMessage, Backprop.Protos.WeightsHeader>;
using WorkerFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.WorkerMessage, Backprop.Protos.NodeHeader>;

namespace Backprop.Cluster.Tests.Tensors;

/// <summary>Frames and protobuf's generated classes write and read the same bytes.</summary>
public sealed class FrameWireTests
{
    [Fact]
    public void Write_SmallValue_GivesTheBytesOfTheSpecification()
    {
        var header = new NodeHeader { RunId = "r" };
        byte[] bytes = FrameBytes.Of(new WorkerFrame(header, [new TensorPart(1, 2, new[] { 1f })]));

        // By hand: WorkerMessage.node_value is field 4, 17 bytes; header is field 1, run_id "r"; segments is field 2,
        // 10 bytes: layer 1, offset 2, values 4 bytes, 1.0 = 0x3F800000.
        Assert.Equal("22110A030A0172120A080110021A040000803F", Convert.ToHexString(bytes));
    }

    [Theory]
    [InlineData(new int[0])]
    [InlineData(new[] { 0 })]
    [InlineData(new[] { 1 })]
    [InlineData(new[] { 31, 32, 1, 0, 127, 128, 5_000 })]
    [InlineData(new[] { 262_000 })]
    public void Write_NodeValue_IsReadByProtobuf(int[] lengths)
    {
        TensorPart[] parts = Parts(lengths);
        byte[] bytes = FrameBytes.Of(new WorkerFrame(ProtobufValues.Header, parts));

        Assert.InRange(bytes.Length, 1, ProtocolVersion.MaximumMessageLength);
        WorkerMessage read = WorkerMessage.Parser.ParseFrom(bytes);
        Assert.Equal(ProtobufValues.Header, read.NodeValue.Header);
        ProtobufValues.AssertEqual(read.NodeValue.Segments, parts);
    }

    [Theory]
    [InlineData(new int[0], 1)]
    [InlineData(new[] { 1 }, 2)]
    [InlineData(new[] { 31, 32, 1, 0, 127, 128, 5_000 }, 3)]
    [InlineData(new[] { 262_000 }, 4096)]
    [InlineData(new[] { 262_000 }, int.MaxValue)]
    public void Read_ProtobufsBytes_GivesItsValues(int[] lengths, int pieceLength)
    {
        NodeValue value = ProtobufValues.NodeValue(
            Parts(lengths).Select(part => ProtobufValues.Segment(part.Layer, part.Offset, part.Values.Span)));
        WorkerFrame frame = FrameBytes.ToWorkerFrame(new WorkerMessage { NodeValue = value }.ToByteArray(), pieceLength);

        Assert.Null(frame.Message);
        Assert.Equal(value.Header, frame.Header);
        ProtobufValues.AssertEqual(value.Segments, frame.Parts);
        frame.Rented?.Return();
    }

    [Fact]
    public void Write_WeightsOfAllLayers_AreReadByProtobufAndByUs()
    {
        var parameters = new Parameters(NetworkShape.Parse("300-400-7-1-10"));
        var random = new RandomSource(seed: 5, stream: 0);
        foreach (LayerParameters layer in parameters.Layers)
        {
            ProtobufValues.RandomBits(random, layer.Weights.Values.Length).CopyTo(layer.Weights.Values);
            ProtobufValues.RandomBits(random, layer.Biases.Values.Length).CopyTo(layer.Biases.Values);
        }

        var parts = new List<TensorPart>();
        var frames = new List<TensorPart[]>();
        for (int layer = 0; layer < parameters.Layers.Count; layer++)
            TensorFrames.Append(parts, layer, parameters.Layers[layer], frames.Add);
        frames.Add([.. parts]);

        // 300·400 + 400 and a few more numbers at 65,536 a frame.
        Assert.Equal(2, frames.Count);
        var received = new Parameters(parameters.Shape);
        var assembly = new TensorAssembly(descending: false);
        assembly.Begin(received.Layers);
        foreach (TensorPart[] sent in frames)
        {
            byte[] bytes = FrameBytes.Of(new CoordinatorFrame(new WeightsHeader { RunId = "run", Step = 9 }, sent));
            CoordinatorMessage read = CoordinatorMessage.Parser.ParseFrom(bytes);
            Assert.Equal(("run", 9UL), (read.Weights.Header.RunId, read.Weights.Header.Step));
            ProtobufValues.AssertEqual(read.Weights.Segments, sent);

            CoordinatorFrame frame = FrameBytes.ToCoordinatorFrame(bytes, pieceLength: 1000);
            foreach (TensorPart part in frame.Parts)
                assembly.Accept(part);
            frame.Rented?.Return();
        }

        Assert.False(assembly.IsActive);
        Assert.Equal(parameters.ComputeSha256(), received.ComputeSha256());
    }

    public static TheoryData<WorkerMessage> ControlMessages { get; } = new(
        new WorkerMessage(),
        new WorkerMessage { Join = new JoinRequest { Name = "w", Incarnation = ulong.MaxValue, Threads = 2 } },
        new WorkerMessage { Ready = new WorkerReady { DatasetSha256 = "ab", SharedMemory = true } },
        new WorkerMessage { Heartbeat = new Heartbeat() },
        new WorkerMessage { EvaluationValue = new EvaluationValue { RunId = "r", Step = 1L << 40, Totals = new Totals { Cost = double.NaN } } },
        new WorkerMessage { Leaving = new Leaving { Reason = "née" } });

    [Theory]
    [MemberData(nameof(ControlMessages))]
    public void ControlMessage_ThereAndBack_IsProtobufsOwn(WorkerMessage message)
    {
        byte[] bytes = FrameBytes.Of(new WorkerFrame(message));
        Assert.Equal(message.ToByteArray(), bytes);

        WorkerFrame frame = FrameBytes.ToWorkerFrame(bytes, pieceLength: 3);
        Assert.Equal(message, frame.Message);
        Assert.Null(frame.Header);
        Assert.Null(frame.Rented);
        Assert.Empty(frame.Parts);
    }

    [Theory]
    [InlineData("1206400140024003")] // assignment, 6 bytes: field 8 three times, a number each
    [InlineData("12054203010203")] // assignment, 5 bytes: field 8 once, 3 bytes of numbers
    public void Read_SlotsPackedOrNot_AreTheSame(string hex) => Assert.Equal(
        [1U, 2U, 3U], FrameBytes.ToCoordinatorFrame(Convert.FromHexString(hex)).Message!.Assignment.Slots);

    [Fact]
    public void Write_NumbersCopied_SaysSoOnceAfterwards()
    {
        int sent = 0;
        FrameBytes.Of(new WorkerFrame(ProtobufValues.Header, Parts([3])) { Sent = () => sent++ });
        Assert.Equal(1, sent);
    }

    /// <summary>Random bits, layer after layer, with offsets that take one to five bytes.</summary>
    private static TensorPart[] Parts(int[] lengths)
    {
        var random = new RandomSource(seed: 4, stream: (ulong)lengths.Length);
        return [.. lengths.Select((length, layer) => new TensorPart(layer * 100, random.NextInt(1 << (layer * 5)), ProtobufValues.RandomBits(random, length)))];
    }
}
