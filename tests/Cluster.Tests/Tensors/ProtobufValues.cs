using System.Buffers.Binary;
using Backprop.Core.Data;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using Google.Protobuf;

namespace Backprop.Cluster.Tests.Tensors;

/// <summary>Segments of tensors as protobuf's own classes hold them.</summary>
internal static class ProtobufValues
{
    public static NodeHeader Header { get; } = new()
    {
        RunId = "run",
        Epoch = 3,
        Step = 77,
        Node = new Node { First = 2, Count = 2 },
        Totals = new Totals { ExampleCount = 5, CorrectCount = 4, Cost = 1.25 },
    };

    public static TensorSegment Segment(int layer, int offset, ReadOnlySpan<float> values)
    {
        byte[] bytes = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        return new TensorSegment { Layer = (uint)layer, Offset = (uint)offset, Values = ByteString.CopyFrom(bytes) };
    }

    public static NodeValue NodeValue(params IEnumerable<TensorSegment> segments)
    {
        var value = new NodeValue { Header = Header };
        value.Segments.AddRange(segments);
        return value;
    }

    /// <summary>Any bits, those of NaN and infinity among them.</summary>
    public static float[] RandomBits(RandomSource random, int count)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = BitConverter.UInt32BitsToSingle((uint)random.NextUInt64());
        return values;
    }

    /// <summary>The same layers, offsets and bits in the same order.</summary>
    public static void AssertEqual(IEnumerable<TensorSegment> segments, IReadOnlyList<TensorPart> parts) =>
        Assert.Equal(
            segments.Select(segment => (segment.Layer, segment.Offset, segment.Values)),
            parts.Select(part => ((uint)part.Layer, (uint)part.Offset, Segment(0, 0, part.Values.Span).Values)));
}
