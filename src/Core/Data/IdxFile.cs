using System.Buffers.Binary;

namespace Backprop.Core.Data;

/// <summary>Reads the IDX files of MNIST and its kin, raw or gzip, checked byte by byte.</summary>
public static class IdxFile
{
    private const int ImagesMagic = 0x00000803;
    private const int LabelsMagic = 0x00000801;

    /// <summary>True for what every IDX file begins with, and no text: two zero bytes.</summary>
    public static bool IsIdx(ReadOnlySpan<byte> bytes) => bytes is [0, 0, ..];

    /// <summary>Images, one after another.</summary>
    /// <returns>Count × rows·columns grey values, and rows·columns.</returns>
    /// <exception cref="UserErrorException">Not such a file; the message names the place.</exception>
    public static (byte[] Pixels, int Count, int PixelsEach) ReadImages(string path) => ReadImages(path, ByteFile.Read(path));

    /// <summary>Images in the bytes of a file; <paramref name="path"/> names it in errors.</summary>
    /// <exception cref="UserErrorException">Not such a file; the message names the place.</exception>
    public static (byte[] Pixels, int Count, int PixelsEach) ReadImages(string path, byte[] bytes)
    {
        CheckMagic(path, bytes, ImagesMagic, "images");
        long count = Word(path, bytes, 4, "the number of images");
        long rows = Word(path, bytes, 8, "the rows of an image");
        long columns = Word(path, bytes, 12, "the columns of an image");
        if (count is < 1 or > int.MaxValue)
            throw Bad(path, 4, $"{count} images");
        if (rows is < 1 or > 4096 || columns is < 1 or > 4096)
            throw Bad(path, 8, $"images of {rows}x{columns} pixels; from 1x1 to 4096x4096 fit");
        CheckLength(path, bytes, 16, (decimal)count * rows * columns, $"{count} images of {rows}x{columns}");
        return (bytes[16..], (int)count, (int)(rows * columns));
    }

    /// <summary>Labels, one a byte.</summary>
    /// <param name="classCount">Labels are below it.</param>
    /// <exception cref="UserErrorException">Not such a file; the message names the place.</exception>
    public static int[] ReadLabels(string path, int classCount) => ReadLabels(path, ByteFile.Read(path), classCount);

    /// <inheritdoc cref="ReadLabels(string, int)"/>
    public static int[] ReadLabels(string path, byte[] bytes, int classCount)
    {
        CheckMagic(path, bytes, LabelsMagic, "labels");
        long count = Word(path, bytes, 4, "the number of labels");
        if (count is < 1 or > int.MaxValue)
            throw Bad(path, 4, $"{count} labels");
        CheckLength(path, bytes, 8, count, $"{count} labels");
        int[] labels = new int[count];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = bytes[8 + i];
            if (labels[i] >= classCount)
                throw Bad(path, 8 + i, $"label {labels[i]} of example {i}; from 0 to {classCount - 1} fit");
        }

        return labels;
    }

    private static void CheckMagic(string path, byte[] bytes, int expected, string what)
    {
        long magic = Word(path, bytes, 0, "the magic number");
        if (magic != expected)
            throw Bad(path, 0, $"magic number 0x{magic:X8}; IDX files of {what} begin with 0x{expected:X8}");
    }

    private static long Word(string path, byte[] bytes, int offset, string what) => bytes.Length < offset + 4
        ? throw Bad(path, bytes.Length, $"the file ends before {what}")
        : BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(offset));

    private static void CheckLength(string path, byte[] bytes, int header, decimal content, string what)
    {
        if (bytes.Length - header != content)
            throw Bad(path, bytes.Length, $"{what} take {content} bytes after the header; there are {bytes.Length - header}");
    }

    private static UserErrorException Bad(string path, int offset, string what) => new($"{path}: byte {offset}: {what}.");
}
