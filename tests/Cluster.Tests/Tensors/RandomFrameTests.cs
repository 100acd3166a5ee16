using Backprop.Core.Data;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using Google.Protobuf;
using Grpc.Core;
using WorkerFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.WorkerMessage, Backprop.Protos.NodeHeader>;

namespace Backprop.Cluster.Tests.Tensors;

/// <summary>
/// Random and damaged bytes: a frame with what protobuf's own parser reads, or INVALID_ARGUMENT; never anything else.
/// </summary>
public sealed class RandomFrameTests
{
    [Fact]
    public void Read_RandomBytes_AsProtobufOrRefused()
    {
        var random = new RandomSource(seed: 11, stream: 0);
        int read = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = RandomBytes(random, random.NextInt(40));

            // Half of them begin as tensors do, with the right length.
            if (i % 2 == 0)
                bytes = [0x22, (byte)bytes.Length, .. bytes];
            read += IsReadAsProtobuf(bytes, 1 + random.NextInt(50)) ? 1 : 0;
        }

        Assert.InRange(read, 100, 10_000);
    }

    [Fact]
    public void Read_RandomFields_AsProtobufOrRefused()
    {
        var random = new RandomSource(seed: 11, stream: 1);
        int read = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = RandomMessage(random, depth: 3);
            if (i % 2 == 0 && bytes.Length < 128)
                bytes = [0x22, (byte)bytes.Length, .. bytes];
            read += IsReadAsProtobuf(bytes, 1 + random.NextInt(50)) ? 1 : 0;
        }

        Assert.InRange(read, 5_000, 19_999);
    }

    [Fact]
    public void Read_DamagedValues_AsProtobufOrRefused()
    {
        var random = new RandomSource(seed: 11, stream: 2);
        int read = 0;
        for (int i = 0; i < 30_000; i++)
            read += IsReadAsProtobuf(Damaged(random, Value(random)), 1 + random.NextInt(200)) ? 1 : 0;

        // Some damage is to numbers alone, most to what holds them.
        Assert.InRange(read, 3_000, 27_000);
    }

    /// <returns>Whether it was read; when not, it was refused with INVALID_ARGUMENT.</returns>
    private static bool IsReadAsProtobuf(byte[] bytes, int pieceLength)
    {
        string hex = Convert.ToHexString(bytes);
        WorkerFrame frame;
        try
        {
            frame = FrameBytes.ToWorkerFrame(bytes, pieceLength);
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.InvalidArgument)
        {
            Assert.True(MayRefuse(bytes, error.Status.Detail), $"{hex}: {error.Status.Detail}");
            return false;
        }

        WorkerMessage expected = WorkerMessage.Parser.ParseFrom(bytes);
        if (expected.ContentCase != WorkerMessage.ContentOneofCase.NodeValue)
        {
            Assert.True(expected.Equals(frame.Message), hex);
            return true;
        }

        Assert.True(expected.NodeValue.Header.Equals(frame.Header), hex);
        Assert.Equal(expected.NodeValue.Segments.Count, frame.Parts.Count);
        for (int i = 0; i < frame.Parts.Count; i++)
        {
            TensorSegment segment = expected.NodeValue.Segments[i];
            TensorPart part = frame.Parts[i];
            Assert.True((segment.Layer, segment.Offset) == ((uint)part.Layer, (uint)part.Offset), hex);
            Assert.True(segment.Values.Equals(ProtobufValues.Segment(0, 0, part.Values.Span).Values), hex);
        }

        frame.Rented?.Return();
        return true;
    }

    /// <summary>Where protobuf's parser refuses too, and where the contract asks for more than it does.</summary>
    private static bool MayRefuse(byte[] bytes, string why)
    {
        WorkerMessage message;
        try
        {
            message = WorkerMessage.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return true;
        }

        // Numbers that protobuf would cut to 32 bits, and groups, which proto3 does not have.
        if (why.Contains("wire type", StringComparison.Ordinal) || why.Contains("claims", StringComparison.Ordinal)
            || why.Contains("32 bits", StringComparison.Ordinal) || why.Contains("a layer or offset of", StringComparison.Ordinal))
        {
            return true;
        }

        return message.NodeValue is { } value
            && (value.Header is null || value.Segments.Any(segment => segment.Values.Length % sizeof(float) != 0));
    }

    private static byte[] Value(RandomSource random)
    {
        NodeValue value = ProtobufValues.NodeValue(Enumerable.Range(0, random.NextInt(4)).Select(layer =>
            ProtobufValues.Segment(layer, random.NextInt(1 << random.NextInt(31)), ProtobufValues.RandomBits(random, random.NextInt(40)))));
        return new WorkerMessage { NodeValue = value }.ToByteArray();
    }

    /// <summary>Bytes changed, cut off, doubled, put in or taken out.</summary>
    private static byte[] Damaged(RandomSource random, byte[] bytes)
    {
        int at = random.NextInt(bytes.Length);
        int length = random.NextInt(bytes.Length - at + 1);
        switch (random.NextInt(6))
        {
            case 0: return bytes[..at];
            case 1: return [.. bytes, .. bytes[at..]];
            case 2: return [.. bytes[..at], .. RandomBytes(random, 1 + random.NextInt(6)), .. bytes[at..]];
            case 3: return [.. bytes[..at], .. bytes[(at + length)..]];
            case 4: return [.. bytes, .. Value(random)];
        }

        // The first bytes hold the lengths and numbers that a parser goes by.
        for (int i = 0; i <= random.NextInt(4); i++)
            bytes[random.NextInt(Math.Min(bytes.Length, 60))] = (byte)random.NextUInt64();
        return bytes;
    }

    /// <summary>Well-formed fields of random numbers and kinds, messages within messages.</summary>
    private static byte[] RandomMessage(RandomSource random, int depth)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            for (int i = random.NextInt(5); i > 0; i--)
            {
                int field = random.NextInt(8) == 0 ? 1 + random.NextInt((1 << 29) - 1) : 1 + random.NextInt(5);
                switch (random.NextInt(6))
                {
                    case 0:
                        output.WriteTag(field, WireFormat.WireType.Varint);
                        output.WriteUInt64(random.NextUInt64() >> random.NextInt(64));
                        break;
                    case 1:
                        output.WriteTag(field, WireFormat.WireType.Fixed64);
                        output.WriteFixed64(random.NextUInt64());
                        break;
                    case 2:
                        output.WriteTag(field, WireFormat.WireType.Fixed32);
                        output.WriteFixed32((uint)random.NextUInt64());
                        break;
                    default:
                        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
                        output.WriteBytes(ByteString.CopyFrom(depth > 0 && random.NextInt(4) > 0
                            ? RandomMessage(random, depth - 1)
                            : RandomBytes(random, 4 * random.NextInt(4))));
                        break;
                }
            }
        }

        return stream.ToArray();
    }

    private static byte[] RandomBytes(RandomSource random, int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
            bytes[i] = (byte)random.NextUInt64();
        return bytes;
    }
}
