using System.Globalization;
using System.Text;
using System.Text.Unicode;
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
    private static readonly UTF8Encoding strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public int ColumnCount => Rows[0].Length;

    /// <summary>Reads a file, gzip-compressed or not. Its first row is a header when none of its fields is a number.</summary>
    /// <exception cref="UserErrorException">It cannot be read, is no text, is empty, or is ragged.</exception>
    public static CsvTable Read(string path) => Read(path, ByteFile.Read(path));

    /// <summary>Reads the bytes of a file; <paramref name="path"/> names it in errors.</summary>
    /// <exception cref="UserErrorException">It is no text, is empty, or is ragged.</exception>
    public static CsvTable Read(string path, byte[] bytes)
    {
        using var reader = new StreamReader(new MemoryStream(bytes), strictUtf8);
        var rows = new List<string[]>();
        var lines = new List<int>();
        try
        {
            ReadRows(path, reader, rows, lines);
        }
        catch (DecoderFallbackException error)
        {
            throw new UserErrorException($"{path} is not text in UTF-8: line {FirstLineThatIsNotUtf8(bytes)} holds other bytes.", error);
        }

        // NaN counts as a number: a first row with a typo in it is no header, and its typo gets an error.
        string[]? header = rows.Count > 0 && !rows[0].Any(IsNumber) ? rows[0] : null;
        if (header is not null)
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
            throw Bad(row, column, $"{QuotedText.Of(field)} is not a number");
        return float.IsFinite(value) ? value : throw Bad(row, column, $"{QuotedText.Of(field)} is not a finite number");
    }

    public UserErrorException Bad(int row, int column, string what) => Bad(Path, LineNumbers[row], column, what);

    private static UserErrorException Bad(string path, int line, int column, string what) =>
        new($"{path}, row {line}, column {column + 1}: {what}.");

    private static void ReadRows(string path, TextReader reader, List<string[]> rows, List<int> lines)
    {
        int column = 0;
        CsvParser parser = null!;
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            HasHeaderRecord = false,
            TrimOptions = TrimOptions.Trim,
            WhiteSpaceChars = [' ', '\t'],
            BadDataFound = bad => throw Bad(
                path, parser.RawRow - LineBreaks(bad.Field), column, $"a stray quotation mark in {QuotedText.Of(bad.Field)}"),
        };
        using (parser = new CsvParser(reader, configuration))
        {
            while (parser.Read())
            {
                string[] fields = new string[parser.Count];
                for (column = 0; column < fields.Length; column++)
                    fields[column] = parser[column];
                if (fields is [""])
                    continue;

                // The parser has counted to the line where the row ends.
                lines.Add(parser.RawRow - fields.Sum(LineBreaks));
                rows.Add(fields);
                if (fields.Length != rows[0].Length)
                    throw new UserErrorException($"{path}, row {lines[^1]}: {fields.Length} columns, where the first row has {rows[0].Length}.");
            }
        }
    }

    private static int LineBreaks(string field) => field.AsSpan().Count('\n');

    private static int FirstLineThatIsNotUtf8(ReadOnlySpan<byte> bytes)
    {
        int line = 1;
        foreach (Range range in bytes.Split((byte)'\n'))
        {
            if (!Utf8.IsValid(bytes[range]))
                break;
            line++;
        }

        return line;
    }

    private static bool IsNumber(string field) =>
        float.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}
