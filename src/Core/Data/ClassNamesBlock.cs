using System.Buffers.Binary;
using System.Text;

namespace Backprop.Core.Data;

/// <summary>The class names' block of <see cref="DatasetFile"/>: for each class a uint32 length, then the name in UTF-8.</summary>
internal static class ClassNamesBlock
{
    private static readonly UTF8Encoding strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static long Length(IReadOnlyList<string> names)
    {
        long length = 0;
        foreach (string name in names)
            length += sizeof(int) + Encoding.UTF8.GetByteCount(name);
        return length;
    }

    public static void Write(IReadOnlyList<string> names, Stream stream)
    {
        byte[] length = new byte[sizeof(int)];
        foreach (string name in names)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(name);
            BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
            stream.Write(length);
            stream.Write(utf8);
        }
    }

    /// <exception cref="ArgumentException">The names do not fill the block, or one is not UTF-8.</exception>
    public static string[] Read(byte[] block, int classes)
    {
        string[] names = new string[classes];
        int at = 0;
        for (int i = 0; i < classes; i++)
        {
            int left = block.Length - at - sizeof(int);
            int length = left >= 0 ? BinaryPrimitives.ReadInt32LittleEndian(block.AsSpan(at)) : -1;
            if (length < 0 || length > left)
                throw new ArgumentException("the class names do not fit their block.");
            names[i] = strictUtf8.GetString(block, at + sizeof(int), length);
            at += sizeof(int) + length;
        }

        // Bytes that nobody reads would give the same data another identity.
        return at == block.Length ? names : throw new ArgumentException($"{block.Length - at} bytes follow the class names in their block.");
    }
}
