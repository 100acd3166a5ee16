using System.Globalization;
using System.Text;
using Backprop.Core.Data;
using Backprop.Core.Tests.Files;

namespace Backprop.Core.Tests.Data;

public sealed class CsvTableTests : IDisposable
{
    private readonly TestDirectory directory = new();

    public void Dispose() => directory.Dispose();

    // RFC 4180, and what spreadsheets and editors add to it.
    [Theory]
    [InlineData("1,2\n3,4\n")]
    [InlineData("1,2\r\n3,4\r\n")]
    [InlineData("1,2\r3,4")]
    [InlineData("\n1,2\n\n\n3,4\n\n")]
    [InlineData("1,2\n   \n3,4\n \t \n")]
    [InlineData(" 1 , 2 \n\t3,4\n")]
    [InlineData("\"1\",\"2\"\n\"3\", \"4\" \n")]
    public void Read_WaysOfWritingTwoRows_SameFields(string text)
    {
        CsvTable table = Read(text);

        Assert.Null(table.Header);
        Assert.Equal([["1", "2"], ["3", "4"]], table.Rows);
    }

    [Fact]
    public void Read_QuotedFields_KeepCommasQuotesAndLineBreaks()
    {
        CsvTable table = Read("1,\"a,b\"\n2,\"say \"\"a\"\"\"\n3,\"two\nlines\"\n4,x\n");

        Assert.Equal(["a,b", "say \"a\"", "two\nlines", "x"], table.Rows.Select(row => row[1]));
    }

    [Fact]
    public void Read_ByteOrderMarkOrPacked_SameTable()
    {
        byte[] text = Encoding.UTF8.GetBytes("größe,b\n1,2\n");
        string marked = directory.Write("marked.csv", [0xEF, 0xBB, 0xBF, .. text]);
        string packed = directory.Write("packed.csv.gz", Gzip.Pack(text));
        string utf16 = directory.Write("utf16.csv", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("größe,b\n1,2\n")]);

        foreach (string path in new[] { marked, packed, utf16 })
        {
            CsvTable table = CsvTable.Read(path);
            Assert.Equal(["größe", "b"], table.Header!);
            Assert.Equal([["1", "2"]], table.Rows);
        }
    }

    // A header is a row without any number; NaN, infinity and an exponent are numbers.
    [Theory]
    [InlineData("a,b,label\n1,2,0\n", true)]
    [InlineData(",b,label\n1,2,0\n", true)]
    [InlineData("a,b,species\n1,2,cat\n", true)]
    [InlineData("\"a\",\"b\",\"species\"\n1,2,cat\n", true)]
    [InlineData("1,2,cat\n3,4,dog\n", false)]
    [InlineData("1,x,0\n3,4,1\n", false)]
    [InlineData("x,y,0\n3,4,1\n", false)]
    [InlineData("cat,1,x\ndog,2,3\n", false)]
    [InlineData("NaN,NaN,cat\n3,4,dog\n", false)]
    [InlineData("Infinity,x,cat\n3,4,dog\n", false)]
    [InlineData("1e3,x,cat\n3,4,dog\n", false)]
    [InlineData("1e99,x,cat\n3,4,dog\n", false)]
    public void Read_FirstRow_IsHeaderOnlyWithoutAnyNumber(string text, bool isHeader)
    {
        CsvTable table = Read(text);

        Assert.Equal(isHeader, table.Header is not null);
        Assert.Equal(isHeader ? 1 : 2, table.Rows.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n  \n")]
    [InlineData("a,b,label\n")]
    public void Read_NoRowsOfData_SaysSo(string text) =>
        Assert.Contains("holds no rows of data", RefusedMessage(text), StringComparison.Ordinal);

    [Theory]
    [InlineData("1,2\n3\n", "table.csv, row 2: 1 columns, where the first row has 2.")]
    [InlineData("a,b\n\n1,2\n3,4,5\n", "table.csv, row 4: 3 columns, where the first row has 2.")]
    [InlineData("1,2\n3,4,\n", "table.csv, row 2: 3 columns, where the first row has 2.")]
    [InlineData("1,\"x\ny\"\n3\n", "table.csv, row 3: 1 columns, where the first row has 2.")]
    [InlineData("1;2\n3,4\n", "table.csv, row 2: 2 columns, where the first row has 1.")]
    public void Read_Ragged_NamesFileRowAndWidths(string text, string expected) => Assert.Equal(expected, RefusedMessage(text));

    [Theory]
    [InlineData("1,2\n3,4\"x\n", "table.csv, row 2, column 2: a stray quotation mark in '4\"x'.")]
    [InlineData("1,2\n\"3\"x,4\n", "table.csv, row 2, column 1: a stray quotation mark in '\"3\"x'.")]
    [InlineData("1,2\n\n3,\"4\n5,6\n", "table.csv, row 3, column 2: a stray quotation mark in '\"4\\u000a5,6\\u000a'.")]
    public void Read_StrayQuote_NamesFileRowAndColumn(string text, string expected) => Assert.Equal(expected, RefusedMessage(text));

    [Fact]
    public void Read_QuoteThatNeverCloses_ShowsTheBeginningOnly()
    {
        string message = RefusedMessage($"1,2\n3,\"4{string.Concat(Enumerable.Repeat(",5\n", 100_000))}");

        Assert.StartsWith("table.csv, row 2, column 2:", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 1, 300);
    }

    [Fact]
    public void Read_BytesThatAreNoUtf8_NamesTheLine()
    {
        // "café" in Latin-1: read with a replacement character, two names could become one class.
        string message = Refused.Message("table.csv", () => CsvTable.Read("table.csv", [.. "1,tea\n2,caf"u8, 0xE9, (byte)'\n']));
        Assert.Equal("table.csv is not text in UTF-8: line 2 holds other bytes.", message);
    }

    [Fact]
    public void Read_NoSuchFile_NamesIt() =>
        Refused.Message(directory.PathOf("none.csv"), () => CsvTable.Read(directory.PathOf("none.csv")));

    [Theory]
    [InlineData("x", "'x' is not a number")]
    [InlineData("", "'' is not a number")]
    [InlineData("1.5.2", "'1.5.2' is not a number")]
    [InlineData("0x10", "'0x10' is not a number")]
    [InlineData("\"1,5\"", "'1,5' is not a number")]
    [InlineData("NaN", "'NaN' is not a finite number")]
    [InlineData("-Infinity", "'-Infinity' is not a finite number")]
    [InlineData("1e99", "'1e99' is not a finite number")]
    [InlineData("\"a\nb\"", "'a\\u000ab' is not a number")]
    public void Number_NoFiniteNumber_NamesFileRowAndColumn(string field, string expected)
    {
        CsvTable table = Read($"a,b\n1,2\n\n3,{field}\n");

        Assert.Equal($"table.csv, row 4, column 2: {expected}.", Refused.Message("table.csv", () => table.Number(1, 1)));
    }

    [Theory]
    [InlineData("0.1", 0.1f)]
    [InlineData("-1.5e-3", -0.0015f)]
    [InlineData("+7", 7f)]
    [InlineData(".5", 0.5f)]
    [InlineData("3.4028235e38", float.MaxValue)]
    [InlineData("1e-46", 0f)]
    public void Number_DecimalText_NearestFloat(string field, float expected) =>
        Assert.Equal(expected, Read($"1,{field}\n").Number(0, 1));

    [Fact]
    public void Number_CultureWithADecimalComma_SameNumbers()
    {
        // Such as German, which the programs do not carry: commas for points and points for commas.
        CultureInfo before = CultureInfo.CurrentCulture;
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        culture.NumberFormat.NumberGroupSeparator = ".";
        culture.TextInfo.ListSeparator = ";";
        try
        {
            CultureInfo.CurrentCulture = culture;
            Assert.Equal(1.5f, Read("1.5,2\n").Number(0, 0));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Read_RandomDamage_RefusedOrOneWidth()
    {
        byte[] whole = Encoding.UTF8.GetBytes("a,b,\"the label\"\n1,2.5,cat\n-3e2,\"4\",dög\n\n5,6,\"c,\"\"at\"\"\"\r\n");
        int refused = Mutation.Check(whole, 5000, 1 << 21, (name, bytes) =>
        {
            CsvTable table = CsvTable.Read(name, ByteFile.Read(name, new MemoryStream(bytes)));
            Assert.All(table.Rows, row => Assert.Equal(table.ColumnCount, row.Length));
            Assert.Equal(table.Rows.Count, table.LineNumbers.Count);
            for (int row = 0; row < table.Rows.Count; row++)
                table.Number(row, 0);
        });

        Assert.InRange(refused, 1, 4999);
    }

    private static CsvTable Read(string text) => CsvTable.Read("table.csv", Encoding.UTF8.GetBytes(text));

    private static string RefusedMessage(string text) => Refused.Message("table.csv", () => Read(text));
}
