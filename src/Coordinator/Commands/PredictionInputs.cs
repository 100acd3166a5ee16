using Backprop.CommandLine;
using Backprop.Core;
using Backprop.Core.Data;

namespace Backprop.Coordinator.Commands;

/// <summary>Reads inputs without labels: rows of a CSV file, or images of an IDX file.</summary>
internal static class PredictionInputs
{
    /// <param name="path">A file (.gz too), or - for CSV on standard input.</param>
    /// <param name="inputCount">Inputs of the model.</param>
    /// <exception cref="UserErrorException">Not readable, no rows, or a row that does not fit: with file, row and column.</exception>
    public static IReadOnlyList<float[]> Read(string path, int inputCount)
    {
        if (path == "-")
        {
            using Stream standardInput = Console.OpenStandardInput();
            return Read("standard input", ByteFile.Read("standard input", standardInput), inputCount);
        }

        ReadableFile.Require($"--input {path}", path);
        return Read(path, ByteFile.Read(path), inputCount);
    }

    private static float[][] Read(string name, byte[] bytes, int inputCount) =>
        IdxFile.IsIdx(bytes) ? ReadImages(name, bytes, inputCount) : ReadRows(name, bytes, inputCount);

    private static float[][] ReadRows(string name, byte[] bytes, int inputCount)
    {
        CsvTable table = CsvTable.Read(name, bytes);
        if (table.ColumnCount != inputCount)
        {
            string hint = table.ColumnCount == inputCount + 1 ? "; leave the label out" : "";
            throw new UserErrorException(
                $"{name}, row {table.LineNumbers[0]}: {table.ColumnCount} columns, and the model takes {inputCount} inputs{hint}.");
        }

        float[][] rows = new float[table.Rows.Count][];
        for (int row = 0; row < rows.Length; row++)
        {
            rows[row] = new float[inputCount];
            for (int column = 0; column < inputCount; column++)
                rows[row][column] = table.Number(row, column);
        }

        return rows;
    }

    private static float[][] ReadImages(string name, byte[] bytes, int inputCount)
    {
        (byte[] pixels, int count, int pixelsEach) = IdxFile.ReadImages(name, bytes);
        if (pixelsEach != inputCount)
            throw new UserErrorException($"{name} holds images of {pixelsEach} pixels, and the model takes {inputCount} inputs.");

        float[][] images = new float[count][];
        for (int image = 0; image < count; image++)
            images[image] = Array.ConvertAll(pixels[(image * pixelsEach)..((image + 1) * pixelsEach)], pixel => (float)pixel / 255);
        return images;
    }
}
