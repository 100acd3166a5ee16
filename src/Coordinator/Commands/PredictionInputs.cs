using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Backprop.CommandLine;
using Backprop.Core;

namespace Backprop.Coordinator.Commands;

/// <summary>Reads inputs without labels: rows of a CSV file, or images of an IDX file.</summary>
internal static class PredictionInputs
{
    /// <summary>0, 0, unsigned bytes, three dimensions.</summary>
    private static readonly byte[] idxImages = [0, 0, 8, 3];

    private static readonly byte[] gzip = [0x1f, 0x8b];

    /// <param name="path">A file (.gz too), or - for CSV on standard input.</param>
    /// <param name="inputCount">Inputs of the model.</param>
    /// <exception cref="UserErrorException">Not readable, no rows, or a row that does not fit: with file, row and column.</exception>
    public static IReadOnlyList<float[]> Read(string path, int inputCount)
    {
        if (path == "-")
        {
            using Stream standardInput = Console.OpenStandardInput();
            return ReadCsv("standard input", standardInput, inputCount);
        }

        ReadableFile.Require($"--input {path}", path);
        try
        {
            if (!StartsWith(Open(path), gzip))
                return StartsWith(Open(path), idxImages) ? ReadIdx(path, Open(path), inputCount) : ReadCsv(path, Open(path), inputCount);
            return StartsWith(Unzip(path), idxImages) ? ReadIdx(path, Unzip(path), inputCount) : ReadCsv(path, Unzip(path), inputCount);
        }
        catch (InvalidDataException exception)
        {
            throw new UserErrorException($"--input {path} is not a whole gzip file: {exception.Message}", exception);
        }
    }

    internal static IReadOnlyList<float[]> ReadCsv(string name, Stream stream, int inputCount)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var rows = new List<float[]>();
        int row = 0;
        bool isFirst = true;
        while (reader.ReadLine() is { } line)
        {
            row++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            string[] fields = line.Split(',');
            bool isHeader = isFirst && !fields.Any(field => TryReadNumber(field, out _));
            isFirst = false;
            if (!isHeader)
                rows.Add(ReadRow(name, row, fields, inputCount));
        }

        return rows.Count > 0 ? rows : throw new UserErrorException($"{name} holds no rows; it takes {inputCount} numbers a row.");
    }

    private static float[] ReadRow(string name, int row, string[] fields, int inputCount)
    {
        if (fields.Length != inputCount)
        {
            string hint = fields.Length == inputCount + 1 ? "; leave the label out" : "";
            throw new UserErrorException(
                $"{name}, row {row}: {fields.Length} columns, and the model takes {inputCount} inputs{hint}.");
        }

        float[] values = new float[inputCount];
        for (int column = 0; column < inputCount; column++)
        {
            if (!TryReadNumber(fields[column], out values[column]))
            {
                throw new UserErrorException(
                    $"{name}, row {row}, column {column + 1}: '{fields[column].Trim()}' is not a finite number.");
            }
        }

        return values;
    }

    private static bool TryReadNumber(string field, out float value) =>
        float.TryParse(field.Trim().Trim('"'), NumberStyles.Float, CultureInfo.InvariantCulture, out value)
        && float.IsFinite(value);

    private static List<float[]> ReadIdx(string path, Stream stream, int inputCount)
    {
        using Stream idx = stream;
        byte[] header = new byte[16];
        if (idx.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
            throw new UserErrorException($"{path} ends inside its IDX header of 16 bytes.");
        int count = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4));
        int height = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(8));
        int width = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(12));
        if (count < 1 || height < 1 || width < 1 || (long)height * width != inputCount)
        {
            throw new UserErrorException(
                $"{path} holds {count} images of {height}x{width}, and the model takes {inputCount} inputs.");
        }

        // Images are read one by one: a header that claims more than the file holds costs nothing.
        var images = new List<float[]>();
        byte[] image = new byte[inputCount];
        while (images.Count < count)
        {
            if (idx.ReadAtLeast(image, image.Length, throwOnEndOfStream: false) < image.Length)
                throw new UserErrorException($"{path} ends in image {images.Count}; its header says {count} images.");
            images.Add(Array.ConvertAll(image, pixel => (float)pixel / 255));
        }

        return idx.ReadByte() < 0 ? images : throw new UserErrorException($"{path} goes on after its {count} images.");
    }

    private static FileStream Open(string path) => File.OpenRead(path);

    private static GZipStream Unzip(string path) => new(File.OpenRead(path), CompressionMode.Decompress);

    private static bool StartsWith(Stream stream, byte[] magic)
    {
        using Stream closed = stream;
        byte[] start = new byte[magic.Length];
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length
            && start.AsSpan().SequenceEqual(magic);
    }
}
