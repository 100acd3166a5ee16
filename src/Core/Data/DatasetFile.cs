using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Backprop.Core.Data;

/// <summary>
/// The canonical bytes of a data set: what is streamed to workers, kept in their cache, and hashed as its identity.
/// </summary>
/// <remarks>
/// Little-endian, without padding:
/// <code>
/// 8 bytes   "BACKPROP"
/// uint32    version, 1
/// uint32    divisor: 1 … 255, inputs are bytes; 0, inputs are float32
/// uint32    inputs an example
/// uint32    classes
/// uint32    training examples
/// uint32    test examples
/// uint32    bytes of the class names' block
/// block     for each class: uint32 length, then the name in UTF-8
/// training  inputs, example after example; then a uint32 label an example
/// test      the same
/// </code>
/// The data set's own name is not in it: the same examples under two names are the same data.
/// </remarks>
public static class DatasetFile
{
    private const int HeaderLength = 36;
    private const int Version = 1;
    private const int MaximumClasses = 1 << 20;
    private const int MaximumInputs = 1 << 20;
    private const int BlockLength = 1 << 16;
    private const int WrittenBlockLength = 1 << 19;

    private static ReadOnlySpan<byte> Magic => "BACKPROP"u8;

    /// <summary>How many bytes <see cref="Write"/> writes.</summary>
    public static long Length(Dataset dataset) =>
        HeaderLength + ClassNamesBlock.Length(dataset.ClassNames)
        + SetLength(dataset.Training.Count, dataset.InputCount, dataset.Training.Inputs.Divisor)
        + SetLength(dataset.Test.Count, dataset.InputCount, dataset.Test.Inputs.Divisor);

    public static void Write(Dataset dataset, Stream stream)
    {
        foreach (ReadOnlyMemory<byte> block in Blocks(dataset))
            stream.Write(block.Span);
    }

    /// <summary>
    /// The bytes in blocks of at most 512 KiB, for who sends them at his own pace: bytes of inputs from where they stand, nothing is
    /// copied as a whole. A block is valid until the next one is asked for.
    /// </summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Blocks(Dataset dataset)
    {
        using (var beginning = new MemoryStream())
        {
            beginning.Write(Header(dataset));
            ClassNamesBlock.Write(dataset.ClassNames, beginning);
            foreach (ReadOnlyMemory<byte> block in Blocks(beginning.GetBuffer().AsMemory(0, checked((int)beginning.Length))))
                yield return block;
        }

        foreach (ExampleSet set in (ExampleSet[])[dataset.Training, dataset.Test])
        {
            foreach (ReadOnlyMemory<byte> block in Inputs(set.Inputs))
                yield return block;
            foreach (ReadOnlyMemory<byte> block in Words(set.Labels, BinaryPrimitives.WriteInt32LittleEndian))
                yield return block;
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote, every length checked against the stream's before memory is taken.</summary>
    /// <param name="stream">Seekable, from its position to its end.</param>
    /// <param name="name">What the user calls it.</param>
    /// <param name="verifiedSha256">The hash of these bytes where the caller has just computed it; null otherwise.</param>
    /// <exception cref="UserErrorException">The bytes are no data set of this form.</exception>
    public static Dataset Read(Stream stream, string name, string? verifiedSha256)
    {
        if (stream.Length - stream.Position < HeaderLength)
            throw new UserErrorException($"Data set {name} is damaged: it ends after {stream.Length - stream.Position} of {HeaderLength} bytes of header.");
        byte[] header = ReadBytes(stream, HeaderLength);
        int[] words = new int[7];
        for (int i = 0; i < words.Length; i++)
            words[i] = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(8 + (i * 4)));
        (int version, int divisor, int inputs, int classes) = (words[0], words[1], words[2], words[3]);
        (int training, int test, int namesLength) = (words[4], words[5], words[6]);
        if (!header.AsSpan(0, 8).SequenceEqual(Magic) || version != Version)
            throw new UserErrorException($"Data set {name} is not in this program's form (version {Version}).");
        if (divisor is < 0 or > 255 || inputs is < 1 or > MaximumInputs || classes is < 1 or > MaximumClasses
            || training < 1 || test < 1 || namesLength < (long)classes * sizeof(int))
        {
            throw new UserErrorException($"Data set {name} has an impossible header.");
        }

        decimal expected = namesLength + SetSize(training, inputs, divisor) + SetSize(test, inputs, divisor);
        if (stream.Length - stream.Position != expected)
        {
            throw new UserErrorException(
                $"Data set {name} is damaged: {expected} bytes after its header expected, {stream.Length - stream.Position} found.");
        }

        try
        {
            string[] names = ClassNamesBlock.Read(ReadBytes(stream, namesLength), classes);
            return new Dataset(
                name, ReadSet(stream, training, inputs, classes, divisor), ReadSet(stream, test, inputs, classes, divisor),
                names, verifiedSha256);
        }
        catch (Exception error) when (error is ArgumentException or OverflowException or EndOfStreamException)
        {
            throw new UserErrorException($"Data set {name} is damaged: {error.Message}", error);
        }
    }

    internal static string ComputeSha256(Dataset dataset)
    {
        using var sha256 = SHA256.Create();
        using (var stream = new CryptoStream(Stream.Null, sha256, CryptoStreamMode.Write))
            Write(dataset, stream);
        return Convert.ToHexStringLower(sha256.Hash!);
    }

    private static byte[] Header(Dataset dataset)
    {
        byte[] header = new byte[HeaderLength];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), dataset.Training.Inputs.Divisor);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), dataset.InputCount);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(20), dataset.ClassCount);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(24), dataset.Training.Count);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(28), dataset.Test.Count);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(32), checked((int)ClassNamesBlock.Length(dataset.ClassNames)));
        return header;
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Inputs(ExampleInputs inputs) => inputs is ByteInputs bytes
        ? Blocks(bytes.Values)
        : Words(((FloatInputs)inputs).Values, BinaryPrimitives.WriteSingleLittleEndian);

    private static IEnumerable<ReadOnlyMemory<byte>> Blocks(ReadOnlyMemory<byte> bytes)
    {
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(bytes.Length, WrittenBlockLength)..])
            yield return bytes[..Math.Min(bytes.Length, WrittenBlockLength)];
    }

    private delegate void WordWriter<T>(Span<byte> destination, T value);

    private static IEnumerable<ReadOnlyMemory<byte>> Words<T>(ReadOnlyMemory<T> values, WordWriter<T> writeWord)
    {
        byte[] block = new byte[Math.Min(values.Length * (long)sizeof(int), WrittenBlockLength)];
        while (!values.IsEmpty)
        {
            int count = Math.Min(values.Length, block.Length / 4);
            ReadOnlySpan<T> words = values.Span;
            for (int i = 0; i < count; i++)
                writeWord(block.AsSpan(i * 4), words[i]);
            values = values[count..];
            yield return block.AsMemory(0, count * 4);
        }
    }

    private static long SetLength(long count, int inputCount, int divisor) =>
        (count * inputCount * (divisor == 0 ? sizeof(float) : 1)) + (count * sizeof(int));

    private static decimal SetSize(int count, int inputCount, int divisor) =>
        ((decimal)count * inputCount * (divisor == 0 ? sizeof(float) : 1)) + ((decimal)count * sizeof(int));

    private static byte[] ReadBytes(Stream stream, int count)
    {
        byte[] bytes = HugePages.Allocate(count);
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static ExampleSet ReadSet(Stream stream, int count, int inputCount, int classCount, int divisor)
    {
        int valueCount = checked(count * inputCount);
        if (divisor != 0)
        {
            byte[] bytes = ReadBytes(stream, valueCount);
            return ExampleSet.FromBytes(bytes, divisor, ReadWords(stream, count, BinaryPrimitives.ReadInt32LittleEndian), inputCount, classCount);
        }

        float[] values = ReadWords(stream, valueCount, BinaryPrimitives.ReadSingleLittleEndian);
        return ExampleSet.FromFloats(values, ReadWords(stream, count, BinaryPrimitives.ReadInt32LittleEndian), inputCount, classCount);
    }

    private delegate T WordReader<T>(ReadOnlySpan<byte> source);

    private static T[] ReadWords<T>(Stream stream, int count, WordReader<T> readWord)
    {
        T[] values = new T[count];
        byte[] block = new byte[BlockLength];
        for (int done = 0; done < count;)
        {
            int now = Math.Min(count - done, BlockLength / 4);
            stream.ReadExactly(block, 0, now * 4);
            for (int i = 0; i < now; i++)
                values[done + i] = readWord(block.AsSpan(i * 4));
            done += now;
        }

        return values;
    }
}
