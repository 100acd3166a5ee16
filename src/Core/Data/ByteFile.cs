using System.IO.Compression;

namespace Backprop.Core.Data;

/// <summary>Reads a whole file, gzip-compressed or not, into no more memory than it may need.</summary>
internal static class ByteFile
{
    /// <summary>No data file here is larger; a claim of more is a mistake or an attack.</summary>
    public const int MaximumLength = 1 << 30;

    /// <summary>The file's bytes; gzip is recognised by its first two bytes, not by the name.</summary>
    /// <exception cref="UserErrorException">It cannot be read, or is larger than fits.</exception>
    public static byte[] Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            int first = file.ReadByte();
            bool isGzip = first == 0x1F && file.ReadByte() == 0x8B;
            file.Position = 0;
            if (!isGzip)
                return ReadBounded(file, path);
            using var gzip = new GZipStream(file, CompressionMode.Decompress);
            return ReadBounded(gzip, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new UserErrorException($"{path} cannot be read: {error.Message}", error);
        }
    }

    private static byte[] ReadBounded(Stream stream, string path)
    {
        using var content = new MemoryStream();
        byte[] block = new byte[1 << 16];
        int length;
        while ((length = stream.Read(block)) > 0)
        {
            if (content.Length + length > MaximumLength)
                throw new UserErrorException($"{path} holds more than {MaximumLength} bytes.");
            content.Write(block, 0, length);
        }

        return content.ToArray();
    }
}
