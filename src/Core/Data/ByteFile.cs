namespace Backprop.Core.Data;

/// <summary>Reads a whole file, gzip-compressed or not, into no more memory than it may need.</summary>
public static class ByteFile
{
    /// <summary>No data file here is larger; a claim of more is a mistake or an attack.</summary>
    public const int MaximumLength = 1 << 30;

    /// <summary>The file's bytes; gzip is recognised by its first two bytes, not by the name.</summary>
    /// <exception cref="UserErrorException">It cannot be read, is torn, or is larger than fits.</exception>
    public static byte[] Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return Read(path, file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"{path} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>The bytes of any stream, a pipe too; <paramref name="name"/> names it in errors.</summary>
    /// <exception cref="UserErrorException">It is torn, or larger than fits.</exception>
    public static byte[] Read(string name, Stream stream) => Read(name, stream, MaximumLength);

    internal static byte[] Read(string name, Stream stream, int lengthAtMost)
    {
        byte[] bytes = ReadBounded(name, stream, lengthAtMost);
        try
        {
            return WholeGzip.IsGzip(bytes)
                ? WholeGzip.Unpack(bytes, unpacked => ReadBounded(name, unpacked, lengthAtMost))
                : bytes;
        }
        catch (InvalidDataException error)
        {
            throw new UserErrorException($"{name} is not a whole gzip file: {error.Message.TrimEnd('.')}.", error);
        }
    }

    private static byte[] ReadBounded(string name, Stream stream, int lengthAtMost)
    {
        using var content = new MemoryStream(stream.CanSeek ? (int)Math.Min(stream.Length, lengthAtMost) : 0);
        byte[] block = new byte[1 << 16];
        int length;
        while ((length = stream.Read(block)) > 0)
        {
            if (content.Length + length > lengthAtMost)
                throw new UserErrorException($"{name} holds more than {lengthAtMost} bytes.");
            content.Write(block, 0, length);
        }

        return content.Length == content.Capacity ? content.GetBuffer() : content.ToArray();
    }
}
