using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;

namespace Backprop.Protos.Tensors;

/// <summary>Writes a frame in protobuf's wire format, tensors straight from their arrays.</summary>
internal static class FrameWriter
{
    private const int SegmentFieldsAtMost = 24;

    public static void Write(
        IMessage? message, IMessage? header, IReadOnlyList<TensorPart> parts, int tensorField,
        SerializationContext context)
    {
        if (message is not null)
        {
            context.SetPayloadLength(message.CalculateSize());
            message.WriteTo(context.GetBufferWriter());
            context.Complete();
            return;
        }

        int headerLength = header!.CalculateSize();
        int contentLength = LengthDelimitedLength(headerLength);
        for (int i = 0; i < parts.Count; i++)
            contentLength += LengthDelimitedLength(SegmentLength(parts[i]));
        context.SetPayloadLength(1 + VarintLength((uint)contentLength) + contentLength);

        IBufferWriter<byte> writer = context.GetBufferWriter();
        WriteTagAndLength(writer, tensorField, contentLength);
        WriteTagAndLength(writer, Weights.HeaderFieldNumber, headerLength);
        header.WriteTo(writer);
        for (int i = 0; i < parts.Count; i++)
            WriteSegment(writer, parts[i]);
        context.Complete();
    }

    private static int SegmentLength(TensorPart part) =>
        1 + VarintLength((uint)part.Layer) + 1 + VarintLength((uint)part.Offset)
        + LengthDelimitedLength(part.Values.Length * sizeof(float));

    /// <summary>Bytes of a field of one-byte tag, its length and its content.</summary>
    private static int LengthDelimitedLength(int content) => 1 + VarintLength((uint)content) + content;

    private static int VarintLength(uint value)
    {
        int length = 1;
        while (value > 0x7F)
        {
            value >>= 7;
            length++;
        }

        return length;
    }

    private static void WriteTagAndLength(IBufferWriter<byte> writer, int field, int length)
    {
        Span<byte> span = writer.GetSpan(SegmentFieldsAtMost);
        span[0] = (byte)((field << 3) | WireReader.LengthDelimited);
        writer.Advance(1 + WriteVarint(span[1..], (uint)length));
    }

    private static void WriteSegment(IBufferWriter<byte> writer, TensorPart part)
    {
        WriteTagAndLength(writer, Weights.SegmentsFieldNumber, SegmentLength(part));
        Span<byte> span = writer.GetSpan(SegmentFieldsAtMost);
        int length = 0;
        span[length++] = TensorSegment.LayerFieldNumber << 3;
        length += WriteVarint(span[length..], (uint)part.Layer);
        span[length++] = TensorSegment.OffsetFieldNumber << 3;
        length += WriteVarint(span[length..], (uint)part.Offset);
        span[length++] = (TensorSegment.ValuesFieldNumber << 3) | WireReader.LengthDelimited;
        length += WriteVarint(span[length..], (uint)(part.Values.Length * sizeof(float)));
        writer.Advance(length);
        WriteValues(writer, part.Values.Span);
    }

    private static void WriteValues(IBufferWriter<byte> writer, ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            writer.Write(MemoryMarshal.AsBytes(values));
            return;
        }

        foreach (float value in values)
        {
            BinaryPrimitives.WriteSingleLittleEndian(writer.GetSpan(sizeof(float)), value);
            writer.Advance(sizeof(float));
        }
    }

    private static int WriteVarint(Span<byte> destination, uint value)
    {
        int length = 0;
        while (value > 0x7F)
        {
            destination[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[length++] = (byte)value;
        return length;
    }
}
