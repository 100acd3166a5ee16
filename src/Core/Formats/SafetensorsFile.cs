using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Backprop.Core.Formats;

/// <summary>One tensor of a safetensors file: float32, row-major.</summary>
/// <param name="Shape">Rows and columns, or one length.</param>
public sealed record NamedTensor(string Name, IReadOnlyList<int> Shape, float[] Values);

/// <summary>A safetensors file: named float32 tensors and text metadata. It carries data, never code.</summary>
/// <remarks>8 bytes of header length, little-endian; the header as JSON; the tensors' bytes without a gap.</remarks>
public sealed record SafetensorsFile(IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<NamedTensor> Tensors)
{
    /// <summary>A header claims no more: its length is checked before memory is taken for it.</summary>
    private const int HeaderLengthAtMost = 1 << 20;

    private const int Alignment = 8;

    /// <summary>Numbers that are written, read or hashed at a time: a tensor's bytes may be more than a span has room for.</summary>
    private const int BlockLength = 1 << 14;

    /// <summary>The tensor of that name; null where there is none.</summary>
    public NamedTensor? Find(string name) => Tensors.FirstOrDefault(tensor => tensor.Name == name);

    /// <summary>Writes metadata and tensors in their order.</summary>
    public static void Write(
        Stream stream, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<NamedTensor> tensors)
    {
        byte[] header = SafetensorsHeader.Write(metadata, tensors);
        int padded = (header.Length + Alignment - 1) / Alignment * Alignment;
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)padded);
        stream.Write(length);
        stream.Write(header);
        for (int i = header.Length; i < padded; i++)
            stream.WriteByte((byte)' ');
        foreach (NamedTensor tensor in tensors)
            WriteValues(stream, tensor.Values);
    }

    /// <summary>Reads a file; shapes, offsets and lengths are checked before memory is taken for them.</summary>
    /// <exception cref="UserErrorException">It cannot be read, or is no such file; the message says what is wrong.</exception>
    public static SafetensorsFile Read(string path)
    {
        try
        {
            // To open a named pipe is to wait for whoever writes to it, for ever; like an empty file it has no length.
            if (new FileInfo(path) is { Exists: true, Length: < sizeof(ulong) } file)
                throw TooShort(path, file.Length);
            using FileStream stream = File.OpenRead(path);
            return Read(path, stream);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"{path} cannot be read: {error.Message}", error);
        }
    }

    /// <param name="path">Names the stream in errors.</param>
    /// <exception cref="UserErrorException">It is no such file; the message says what is wrong.</exception>
    public static SafetensorsFile Read(string path, Stream stream)
    {
        Span<byte> lengthBytes = stackalloc byte[sizeof(ulong)];
        if (!stream.CanSeek)
            throw new UserErrorException($"{path} is a pipe; a safetensors file has to stand on a disk.");
        if (stream.Length < lengthBytes.Length)
            throw TooShort(path, stream.Length);
        stream.ReadExactly(lengthBytes);
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (headerLength > (ulong)Math.Min(HeaderLengthAtMost, stream.Length - lengthBytes.Length))
        {
            throw new UserErrorException(
                $"{path} is no safetensors file: its header claims {headerLength} bytes, of {stream.Length} in all and at most {HeaderLengthAtMost}.");
        }

        byte[] headerBytes = new byte[headerLength];
        stream.ReadExactly(headerBytes);
        long contentLength = stream.Length - stream.Position;
        SafetensorsHeader header = SafetensorsHeader.Read(path, headerBytes, contentLength);
        return new SafetensorsFile(
            header.Metadata,
            [.. header.Tensors.Select(tensor => new NamedTensor(tensor.Name, tensor.Shape, ReadValues(stream, tensor.Count)))]);
    }

    /// <summary>A tensor's numbers in their order, some at a time.</summary>
    internal static IEnumerable<ReadOnlyMemory<float>> Blocks(float[] values)
    {
        for (int done = 0; done < values.Length; done += BlockLength)
            yield return values.AsMemory(done, Math.Min(BlockLength, values.Length - done));
    }

    private static UserErrorException TooShort(string path, long length) =>
        new($"{path} is no safetensors file: it has {length} bytes.");

    private static void WriteValues(Stream stream, float[] values)
    {
        foreach (ReadOnlyMemory<float> numbers in Blocks(values))
            stream.Write(BitConverter.IsLittleEndian ? MemoryMarshal.AsBytes(numbers.Span) : Reversed(numbers.Span));
    }

    /// <summary>The bytes of numbers on a machine of the other byte order.</summary>
    private static ReadOnlySpan<byte> Reversed(ReadOnlySpan<float> numbers)
    {
        int[] reversed = new int[numbers.Length];
        BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<float, int>(numbers), reversed);
        return MemoryMarshal.AsBytes(reversed.AsSpan());
    }

    private static float[] ReadValues(Stream stream, int count)
    {
        float[] values = new float[count];
        byte[] block = new byte[BlockLength * sizeof(float)];
        for (int done = 0; done < count;)
        {
            int now = Math.Min(count - done, BlockLength);
            stream.ReadExactly(block, 0, now * sizeof(float));
            for (int i = 0; i < now; i++)
                values[done + i] = BinaryPrimitives.ReadSingleLittleEndian(block.AsSpan(i * sizeof(float)));
            done += now;
        }

        return values;
    }
}
