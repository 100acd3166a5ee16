using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Tests.Data;

public sealed class DigitsDatasetTests
{
    private static readonly Dataset digits = Datasets.Open(new DatasetRequest(Datasets.Digits));

    // Rows 1, 1,501 and 1,797 of the file, copied by hand.
    private static readonly byte[] firstRow =
    [
        0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0, 0, 3, 15, 2, 0, 11, 8, 0, 0, 4, 12, 0, 0, 8, 8, 0,
        0, 5, 8, 0, 0, 9, 8, 0, 0, 4, 11, 0, 1, 12, 7, 0, 0, 2, 14, 5, 10, 12, 0, 0, 0, 0, 6, 13, 10, 0, 0, 0,
    ];

    private static readonly byte[] firstTestRow =
    [
        0, 0, 0, 3, 12, 12, 2, 0, 0, 0, 7, 15, 16, 16, 0, 0, 0, 4, 15, 9, 14, 16, 3, 0, 0, 2, 0, 0, 14, 16, 0, 0,
        0, 0, 0, 0, 14, 16, 0, 0, 0, 0, 0, 0, 15, 13, 0, 0, 0, 0, 0, 0, 16, 14, 1, 0, 0, 0, 0, 3, 16, 13, 2, 0,
    ];

    private static readonly byte[] lastTestRow =
    [
        0, 0, 10, 14, 8, 1, 0, 0, 0, 2, 16, 14, 6, 1, 0, 0, 0, 0, 15, 15, 8, 15, 0, 0, 0, 0, 5, 16, 16, 10, 0, 0,
        0, 0, 12, 15, 15, 12, 0, 0, 0, 4, 16, 6, 4, 16, 6, 0, 0, 8, 16, 10, 8, 16, 8, 0, 0, 1, 8, 12, 14, 12, 1, 0,
    ];

    [Fact]
    public void Open_Digits_IsCutAsDocumented()
    {
        Assert.Equal(1500, digits.Training.Count);
        Assert.Equal(297, digits.Test.Count);
        Assert.Equal(64, digits.InputCount);
        Assert.Equal(10, digits.ClassCount);
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], digits.ClassNames);
    }

    [Fact]
    public void CopyInputs_RowsOfTheFile_AreSixteenthsOfItsNumbers()
    {
        Assert.Equal(firstRow.Select(value => value / 16f), Inputs(digits.Training, 0));
        Assert.Equal(0, digits.Training.LabelOf(0));
        Assert.Equal(firstTestRow.Select(value => value / 16f), Inputs(digits.Test, 0));
        Assert.Equal(1, digits.Test.LabelOf(0));
        Assert.Equal(lastTestRow.Select(value => value / 16f), Inputs(digits.Test, 296));
        Assert.Equal(8, digits.Test.LabelOf(296));
    }

    // Counted by a Python program over the same file: examples of each class, and the sum of all grey values.
    [Fact]
    public void Open_Digits_HasTheFilesClassesAndGreyValues()
    {
        Assert.Equal([151, 151, 150, 153, 148, 152, 151, 149, 146, 149], ClassCounts(digits.Training));
        Assert.Equal([27, 31, 27, 30, 33, 30, 30, 30, 28, 31], ClassCounts(digits.Test));
        Assert.Equal(468645 / 16.0, Enumerable.Range(0, 1500).Sum(i => Inputs(digits.Training, i).Sum(x => (double)x)));
        Assert.Equal(93073 / 16.0, Enumerable.Range(0, 297).Sum(i => Inputs(digits.Test, i).Sum(x => (double)x)));
    }

    [Fact]
    public void CopyInputs_AllExamples_AreSixteenthsFromZeroToOne()
    {
        foreach (ExampleSet set in new[] { digits.Training, digits.Test })
        {
            float[] distinct = [.. Enumerable.Range(0, set.Count).SelectMany(i => Inputs(set, i)).Distinct().Order()];
            Assert.Equal(Enumerable.Range(0, 17).Select(value => value / 16f), distinct);
        }
    }

    // hashlib.sha256 in Python over the canonical layout that DatasetFile documents, packed with struct.
    [Fact]
    public void Sha256_Digits_IsWhatPythonComputesFromTheFile() =>
        Assert.Equal("4b2e77fbe61356896c36b6f9f211754cc8b1977c65d2f224e03f16a741905293", digits.Sha256);

    private static float[] Inputs(ExampleSet set, int example)
    {
        float[] column = new float[set.InputCount];
        set.CopyInputs([example], new ColumnBlock(column, 0, column.Length, 1));
        return column;
    }

    private static int[] ClassCounts(ExampleSet set)
    {
        int[] counts = new int[set.ClassCount];
        for (int example = 0; example < set.Count; example++)
            counts[set.LabelOf(example)]++;
        return counts;
    }
}
