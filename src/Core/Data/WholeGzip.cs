using System.IO.Compression;

namespace Backprop.Core.Data;

/// <summary>
/// Unpacks gzip to its end. GZipStream alone takes the end of a torn file for the end of its content, without a word and
/// without a look at the checksum. So a member of our own is put behind the file: it comes out only when everything
/// before it was whole.
/// </summary>
internal static class WholeGzip
{
    private static readonly byte[] mark = [.. "the end of the file"u8];
    private static readonly byte[] markMember = Pack(mark);

    public static bool IsGzip(ReadOnlySpan<byte> bytes) => bytes is [0x1F, 0x8B, ..];

    /// <param name="file">The packed bytes; of one or several members.</param>
    /// <param name="read">Reads a stream to its end, or up to the most that fits.</param>
    /// <exception cref="InvalidDataException">The file is torn or damaged.</exception>
    public static byte[] Unpack(byte[] file, Func<Stream, byte[]> read)
    {
        using var marked = new MemoryStream(file.Length + markMember.Length);
        marked.Write(file);
        marked.Write(markMember);
        marked.Position = 0;
        using var gzip = new GZipStream(marked, CompressionMode.Decompress);
        byte[] content = read(gzip);
        return content.AsSpan().EndsWith(mark)
            ? content[..^mark.Length]
            : throw new InvalidDataException("it ends in the middle, or something else follows it");
    }

    private static byte[] Pack(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(content);
        return packed.ToArray();
    }
}
