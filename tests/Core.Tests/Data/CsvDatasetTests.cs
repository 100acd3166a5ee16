using Backprop.Core.Data;
using Backprop.Core.Tests.Files;

namespace Backprop.Core.Tests.Data;

public sealed class CsvDatasetTests : IDisposable
{
    private readonly TestDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("x,y,label\n")]
    public void Open_NumbersWithOrWithoutHeader_InputsAsTheyAreLastColumnTheLabel(string header)
    {
        Dataset dataset = Open($"{header}0.5,-2,1\n1e3,0.25,0\n3,4,2\n");

        Assert.Equal("data.csv", dataset.Name);
        Assert.Equal([0.5f, -2f, 1000f, 0.25f], Contents.Inputs(dataset.Training));
        Assert.Equal([3f, 4f], Contents.Inputs(dataset.Test));
        Assert.Equal([1, 0], Labels(dataset.Training));
        Assert.Equal([2], Labels(dataset.Test));
        Assert.Equal(["0", "1", "2"], dataset.ClassNames);
    }

    // The last sixth, rounded down, and at least one row.
    [Theory]
    [InlineData(2, 1)]
    [InlineData(5, 1)]
    [InlineData(11, 1)]
    [InlineData(12, 2)]
    [InlineData(150, 25)]
    [InlineData(155, 25)]
    public void Open_WithoutTestFile_LastSixthIsTheTestSet(int rows, int expected)
    {
        Dataset dataset = Open(string.Concat(Enumerable.Range(0, rows).Select(i => $"{i},0\n")));

        Assert.Equal(Enumerable.Range(rows - expected, expected).Select(i => (float)i), Contents.Inputs(dataset.Test));
        Assert.Equal(Enumerable.Range(0, rows - expected).Select(i => (float)i), Contents.Inputs(dataset.Training));
    }

    [Fact]
    public void Open_Names_BecomeClassesInOrdinalOrder()
    {
        // By code point: capitals before small letters, ä after both; cut from test rows too.
        Dataset dataset = Open("1,dog\n2,Zebra\n3,ähre\n4,cat\n5,dog\n6,emu\n");

        Assert.Equal(["Zebra", "cat", "dog", "emu", "ähre"], dataset.ClassNames);
        Assert.Equal([2, 0, 4, 1, 2], Labels(dataset.Training));
        Assert.Equal([3], Labels(dataset.Test));
    }

    [Theory]
    [InlineData("species")]
    [InlineData("2")]
    public void Open_LabelColumnByNameOrNumber_TakesItOutOfTheInputs(string column)
    {
        Dataset dataset = Open("a,species,b\n1,cat,2\n3,dog,4\n", column);

        Assert.Equal(["cat", "dog"], dataset.ClassNames);
        Assert.Equal([1f, 2f], Contents.Inputs(dataset.Training));
        Assert.Equal([3f, 4f], Contents.Inputs(dataset.Test));
    }

    [Theory]
    [InlineData("colour")]
    [InlineData("Species")]
    [InlineData("0")]
    [InlineData("4")]
    [InlineData("-1")]
    [InlineData("99999999999")]
    public void Open_UnknownLabelColumn_SaysWhichThereAre(string column)
    {
        string given = $"--label-column {column} is no column of {directory.PathOf("data.csv")}; give a number from 1 to 3";

        Assert.Equal($"{given}, or one of 'a', 'species', 'b'.", RefusedMessage("a,species,b\n1,cat,2\n3,dog,4\n", column));
        Assert.Equal($"{given}.", RefusedMessage("1,cat,2\n3,dog,4\n", column));
    }

    [Theory]
    [InlineData("1,2,0\n3,4,-1\n", "row 2, column 3: label '-1' is out of range; whole numbers from 0 to 65535 fit.")]
    [InlineData("1,2,0\n3,4,1.5\n", "row 2, column 3: label '1.5' is out of range; whole numbers from 0 to 65535 fit.")]
    [InlineData("1,2,0\n3,4,65536\n", "row 2, column 3: label '65536' is out of range; whole numbers from 0 to 65535 fit.")]
    [InlineData("1,2,0\n3,4,1e300\n", "row 2, column 3: label '1e300' is out of range; whole numbers from 0 to 65535 fit.")]
    [InlineData("1,2,0\n3,4,NaN\n", "row 2, column 3: label 'NaN' is out of range; whole numbers from 0 to 65535 fit.")]
    [InlineData("1,2,0\n3,4,Infinity\n", "row 2, column 3: label 'Infinity' is out of range; whole numbers from 0 to 65535 fit.")]
    [InlineData("1,2,0\n3,4,\n", "row 2, column 3: label '' is not a number, as other labels are.")]
    [InlineData("1,2,0\n3,4,cat\n", "row 2, column 3: label 'cat' is not a number, as other labels are.")]
    [InlineData("1,2,cat\n3,4,\n", "row 2, column 3: the label is empty.")]
    [InlineData("1,2,0\n3,x,1\n", "row 2, column 2: 'x' is not a number.")]
    [InlineData("1,2,0\n3,,1\n", "row 2, column 2: '' is not a number.")]
    [InlineData("1,2,0\nNaN,4,1\n", "row 2, column 1: 'NaN' is not a finite number.")]
    [InlineData("a,b,c\n1,2,0\n3,-Infinity,1\n", "row 3, column 2: '-Infinity' is not a finite number.")]
    [InlineData("1,x,0\n3,4,1\n", "row 1, column 2: 'x' is not a number.")]
    [InlineData("x,2,cat\n3,4,dog\n", "row 1, column 1: 'x' is not a number.")]
    [InlineData("x,y,0\n3,4,1\n", "row 1, column 1: 'x' is not a number.")]
    [InlineData("1,2,0\n3,4\n", "row 2: 2 columns, where the first row has 3.")]
    public void Open_UnfitField_NamesFileRowAndColumn(string text, string expected) =>
        Assert.Equal($"{directory.PathOf("data.csv")}, {expected}", RefusedMessage(text));

    [Theory]
    [InlineData("1\n2\n", "has one column; it takes at least an input and a label.")]
    [InlineData("1,0\n", "has one row; it takes at least one to train and one to test.")]
    [InlineData("a,b\n1,0\n", "has one row; it takes at least one to train and one to test.")]
    [InlineData("", "holds no rows of data.")]
    public void Open_TooLittle_SaysWhatItTakes(string text, string expected) =>
        Assert.Equal($"{directory.PathOf("data.csv")} {expected}", RefusedMessage(text));

    [Fact]
    public void Open_TestFile_IsTheTestSetAndItsNamesCountToo()
    {
        Dataset dataset = Open("a,b\n1,dog\n2,cat\n", testText: "3,emu\n4,cat\n");

        Assert.Equal([1f, 2f], Contents.Inputs(dataset.Training));
        Assert.Equal([3f, 4f], Contents.Inputs(dataset.Test));
        Assert.Equal(["cat", "dog", "emu"], dataset.ClassNames);
        Assert.Equal([2, 0], Labels(dataset.Test));
    }

    [Fact]
    public void Open_TestFile_OneTrainingRowIsEnough() => Assert.Equal(1, Open("1,0\n", testText: "2,3\n").Training.Count);

    [Theory]
    [InlineData("a,b,c\n1,2,0\n", "has 3 columns, DATA 2; they go together only with as many.")]
    [InlineData("b,a\n1,0\n", ": column 1 is 'b', and 'a' in DATA; they go together only with the same columns.")]
    [InlineData("1,-1\n", ", row 1, column 2: label '-1' is out of range; whole numbers from 0 to 65535 fit.")]
    [InlineData("a,b\n1,cat\n", ", row 2, column 2: label 'cat' is not a number, as other labels are.")]
    [InlineData("", "holds no rows of data.")]
    public void Open_TestFileThatDoesNotFit_NamesIt(string testText, string expected)
    {
        string message = Refused.Message(directory.PathOf("test.csv"), () => Open("a,b\n1,0\n2,1\n", testText: testText));

        Assert.EndsWith(expected.Replace("DATA", directory.PathOf("data.csv"), StringComparison.Ordinal), message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NoSuchTestFile_NamesIt()
    {
        directory.Write("data.csv", "1,0\n2,1\n");
        Refused.Message("none.csv", () => Datasets.Open(new DatasetRequest(directory.PathOf("data.csv"), TestFile: directory.PathOf("none.csv"))));
    }

    private Dataset Open(string text, string? labelColumn = null, string? testText = null)
    {
        string path = directory.Write("data.csv", text);
        string? testPath = testText is null ? null : directory.Write("test.csv", testText);
        return Datasets.Open(new DatasetRequest(path, TestFile: testPath, LabelColumn: labelColumn));
    }

    private string RefusedMessage(string text, string? labelColumn = null) =>
        Refused.Message(directory.PathOf("data.csv"), () => Open(text, labelColumn));

    private static int[] Labels(ExampleSet set) => [.. Enumerable.Range(0, set.Count).Select(set.LabelOf)];
}
