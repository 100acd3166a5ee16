using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Backprop.Protos.Tensors;

/// <summary>Reads protobuf's wire format from a buffer in pieces, each length checked before it is used.</summary>
internal ref struct WireReader(ReadOnlySequence<byte> payload)
{
    public const int LengthDelimited = 2;

    private SequenceReader<byte> reader = new(payload);

    public readonly bool AtEnd => reader.End;

    public readonly long Remaining => reader.Remaining;

    /// <exception cref="MalformedMessageException">The bytes are no tag.</exception>
    public (int Field, int WireType) ReadTag()
    {
        ulong tag = ReadVarint();
        if (tag > uint.MaxValue)
            throw new MalformedMessageException("a field's number of more than 32 bits");
        int field = (int)(tag >> 3);
        if (field == 0)
            throw new MalformedMessageException("a field of number 0");
        return (field, (int)(tag & 7));
    }

    public ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (!reader.TryRead(out byte part))
                throw new MalformedMessageException("it ends within a number");
            value |= (ulong)(part & 0x7F) << shift;
            if ((part & 0x80) == 0)
                return value;
        }

        throw new MalformedMessageException("a number of more than 64 bits");
    }

    /// <summary>The bytes of a length-delimited field, in place.</summary>
    public ReadOnlySequence<byte> ReadBytes()
    {
        ulong length = ReadVarint();
        if (length > (ulong)reader.Remaining)
            throw new MalformedMessageException($"a field claims {length} bytes where {reader.Remaining} are left");
        ReadOnlySequence<byte> bytes = reader.UnreadSequence.Slice(0, (long)length);
        reader.Advance((long)length);
        return bytes;
    }

    public void Skip(int wireType)
    {
        switch (wireType)
        {
            case 0: ReadVarint(); break;
            case 1: Advance(8); break;
            case LengthDelimited: ReadBytes(); break;
            case 5: Advance(4); break;
            default: throw new MalformedMessageException($"wire type {wireType}");
        }
    }

    /// <summary>Copies little-endian floats out of the bytes of a field.</summary>
    public static void CopyFloats(ReadOnlySequence<byte> bytes, Span<float> destination)
    {
        bytes.CopyTo(MemoryMarshal.AsBytes(destination));
        if (BitConverter.IsLittleEndian)
            return;
        Span<int> bits = MemoryMarshal.Cast<float, int>(destination);
        BinaryPrimitives.ReverseEndianness(bits, bits);
    }

    private void Advance(int count)
    {
        if (count > reader.Remaining)
            throw new MalformedMessageException("it ends within a number");
        reader.Advance(count);
    }
}
