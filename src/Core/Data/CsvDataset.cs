using System.Globalization;

namespace Backprop.Core.Data;

/// <summary>
/// A data set from CSV: numbers as they are, the label in one column. Labels are whole numbers from 0, or names, which
/// become classes in ordinal order. The last sixth of the rows is the test set unless a file of its own is given.
/// </summary>
internal static class CsvDataset
{
    private const int TestShare = 6;
    private const int ClassesAtMost = 1 << 16;

    /// <exception cref="UserErrorException">A file is damaged or does not fit; the message names row and column.</exception>
    public static Dataset Open(DatasetRequest request)
    {
        CsvTable table = CsvTable.Read(request.Name);
        int labelColumn = FindLabelColumn(table, request.LabelColumn);
        CsvTable? testTable = request.TestFile is null ? null : CsvTable.Read(request.TestFile);
        if (testTable is not null)
            RequireSameColumns(table, testTable);
        if (table.ColumnCount < 2)
            throw new UserErrorException($"{table.Path} has one column; it takes at least an input and a label.");
        if (testTable is null && table.Rows.Count < 2)
            throw new UserErrorException($"{table.Path} has one row; it takes at least one to train and one to test.");
        int testCount = Math.Max(1, table.Rows.Count / TestShare);
        int trainingCount = testTable is null ? table.Rows.Count - testCount : table.Rows.Count;
        string[]? names = FindClassNames(table, testTable, labelColumn);
        int classCount = names?.Length ?? CountClasses(table, testTable, labelColumn);

        ExampleSet training = ReadSet(table, 0, trainingCount, labelColumn, names, classCount);
        ExampleSet test = testTable is null
            ? ReadSet(table, trainingCount, table.Rows.Count, labelColumn, names, classCount)
            : ReadSet(testTable, 0, testTable.Rows.Count, labelColumn, names, classCount);
        return new Dataset(Path.GetFileName(request.Name), training, test, names);
    }

    private static void RequireSameColumns(CsvTable table, CsvTable testTable)
    {
        if (testTable.ColumnCount != table.ColumnCount)
        {
            throw new UserErrorException(
                $"{testTable.Path} has {testTable.ColumnCount} columns, {table.Path} {table.ColumnCount}; they go together only with as many.");
        }

        if (table.Header is null || testTable.Header is null)
            return;
        for (int column = 0; column < table.ColumnCount; column++)
        {
            if (table.Header[column] != testTable.Header[column])
            {
                throw new UserErrorException(
                    $"{testTable.Path}: column {column + 1} is {QuotedText.Of(testTable.Header[column])}, and "
                    + $"{QuotedText.Of(table.Header[column])} in {table.Path}; they go together only with the same columns.");
            }
        }
    }

    private static int FindLabelColumn(CsvTable table, string? asked)
    {
        if (asked is null)
            return table.ColumnCount - 1;
        int named = table.Header is null ? -1 : Array.IndexOf(table.Header, asked);
        if (named >= 0)
            return named;
        if (int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number >= 1 && number <= table.ColumnCount)
        {
            return number - 1;
        }

        string headers = table.Header is null ? "" : $", or one of {string.Join(", ", table.Header.Take(20).Select(QuotedText.Of))}";
        throw new UserErrorException(
            $"--label-column {asked} is no column of {table.Path}; give a number from 1 to {table.ColumnCount}{headers}.");
    }

    /// <summary>The classes when labels are names; null when all are numbers.</summary>
    private static string[]? FindClassNames(CsvTable table, CsvTable? testTable, int column)
    {
        IEnumerable<string> labels = table.Rows.Concat(testTable?.Rows ?? []).Select(row => row[column]);
        if (labels.Any(label => double.TryParse(label, NumberStyles.Float, CultureInfo.InvariantCulture, out _)))
            return null;
        string[] names = [.. labels.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return names.Length <= ClassesAtMost
            ? names
            : throw new UserErrorException($"{table.Path} has {names.Length} classes; up to {ClassesAtMost} fit.");
    }

    private static int CountClasses(CsvTable table, CsvTable? testTable, int column)
    {
        int most = 0;
        foreach (CsvTable one in testTable is null ? new[] { table } : [table, testTable])
        {
            for (int row = 0; row < one.Rows.Count; row++)
                most = Math.Max(most, Label(one, row, column, null));
        }

        return most + 1;
    }

    private static int Label(CsvTable table, int row, int column, string[]? names)
    {
        string field = table.Rows[row][column];
        if (names is not null)
        {
            return field.Length == 0
                ? throw table.Bad(row, column, "the label is empty")
                : Array.BinarySearch(names, field, StringComparer.Ordinal);
        }

        if (!double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
            throw table.Bad(row, column, $"label {QuotedText.Of(field)} is not a number, as other labels are");
        if (value != Math.Floor(value) || value < 0 || value >= ClassesAtMost)
            throw table.Bad(row, column, $"label {QuotedText.Of(field)} is out of range; whole numbers from 0 to {ClassesAtMost - 1} fit");
        return (int)value;
    }

    private static ExampleSet ReadSet(
        CsvTable table, int start, int end, int labelColumn, string[]? names, int classCount)
    {
        int inputCount = table.ColumnCount - 1;
        float[] values = new float[checked((end - start) * inputCount)];
        int[] labels = new int[end - start];
        int next = 0;
        for (int row = start; row < end; row++)
        {
            for (int column = 0; column < table.ColumnCount; column++)
            {
                if (column == labelColumn)
                    labels[row - start] = Label(table, row, column, names);
                else
                    values[next++] = table.Number(row, column);
            }
        }

        return ExampleSet.FromFloats(values, labels, inputCount, classCount);
    }
}
