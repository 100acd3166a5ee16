using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Backprop.Core.Data;

/// <summary>The rows of a CSV file, all of one width, with the header where there is one.</summary>
/// <param name="Path">For errors.</param>
/// <param name="Header">Names of the columns; null where the first row holds numbers.</param>
/// <param name="Rows">The fields as text.</param>
/// <param name="LineNumbers">Each row's line in the file, from 1.</param>
public sealed record CsvTable(string Path, string[]? Header, List<string[]> Rows, List<int> LineNumbers)
{
    public int ColumnCount => Rows[0].Length;

    /// <summary>
    /// Reads a file. Its first row is a header when one of its fields before the last is no number.
    /// </summary>
    /// <exception cref="UserErrorException">It cannot be read, is empty, or is ragged.</exception>
    public static CsvTable Read(string path)
    {
        try
        {
            using var reader = new StreamReader(path);
            return Read(path, reader);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"{path} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Reads from any text; <paramref name="path"/> names it in errors.</summary>
    /// <exception cref="UserErrorException">It is empty or ragged.</exception>
    public static CsvTable Read(string path, TextReader reader)
    {
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            HasHeaderRecord = false,
            TrimOptions = TrimOptions.Trim,
            BadDataFound = bad => throw new UserErrorException($"{path}: row {bad.Context.Parser!.RawRow}: a stray quotation mark."),
        };
        using var parser = new CsvParser(reader, configuration);
        var rows = new List<string[]>();
        var lines = new List<int>();
        while (parser.Read())
        {
            rows.Add([.. parser.Record!]);
            lines.Add(parser.RawRow);
            if (rows[^1].Length != rows[0].Length)
                throw new UserErrorException($"{path}: row {lines[^1]}: {rows[^1].Length} columns, where the first row has {rows[0].Length}.");
        }

        bool hasHeader = rows.Count > 0 && rows[0].SkipLast(1).Any(field => !IsNumber(field));
        string[]? header = hasHeader ? rows[0] : null;
        if (hasHeader)
        {
            rows.RemoveAt(0);
            lines.RemoveAt(0);
        }

        return rows.Count == 0
            ? throw new UserErrorException($"{path} holds no rows of data.")
            : new CsvTable(path, header, rows, lines);
    }

    /// <summary>A field as a finite number.</summary>
    /// <exception cref="UserErrorException">It is none; the message names file, row and column.</exception>
    public float Number(int row, int column)
    {
        string field = Rows[row][column];
        if (!float.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out float value))
            throw Bad(row, column, $"'{field}' is not a number");
        return float.IsFinite(value) ? value : throw Bad(row, column, $"'{field}' is not a finite number");
    }

    public UserErrorException Bad(int row, int column, string what) =>
        new($"{Path}: row {LineNumbers[row]}, column {column + 1}: {what}.");

    private static bool IsNumber(string field) =>
        float.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}
