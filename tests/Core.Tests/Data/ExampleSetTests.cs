using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Tests.Data;

public sealed class ExampleSetTests
{
    // Widths around the vector widths and their multiples; every byte stands at every position once.
    [Theory]
    [InlineData(1, 255)]
    [InlineData(7, 255)]
    [InlineData(8, 255)]
    [InlineData(15, 255)]
    [InlineData(16, 255)]
    [InlineData(17, 255)]
    [InlineData(31, 255)]
    [InlineData(33, 16)]
    [InlineData(64, 16)]
    [InlineData(67, 255)]
    [InlineData(64, 1)]
    public void CopyInputs_EveryByteAtEveryPosition_IsExactlyByteOverDivisor(int inputCount, int divisor)
    {
        byte[] values = new byte[256 * inputCount];
        for (int example = 0; example < 256; example++)
        {
            for (int i = 0; i < inputCount; i++)
                values[(example * inputCount) + i] = (byte)(example + i);
        }

        var set = ExampleSet.FromBytes(values, divisor, new int[256], inputCount, 1);
        var destination = new ColumnBlock(new float[256 * inputCount], 0, inputCount, 256);
        set.CopyInputs([.. Enumerable.Range(0, 256)], destination);

        for (int i = 0; i < values.Length; i++)
        {
            Assert.Equal(
                BitConverter.SingleToUInt32Bits((float)values[i] / divisor),
                BitConverter.SingleToUInt32Bits(destination.Values[i]));
        }
    }

    /// <summary>The widest vectors do not divide: every quotient that there can be must be the one that a division rounds to.</summary>
    [Fact]
    public void CopyInputs_EveryByteAndEveryDivisor_IsExactlyByteOverDivisor()
    {
        byte[] values = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];
        float[] given = new float[values.Length];
        for (int divisor = 1; divisor <= 255; divisor++)
        {
            ExampleSet.FromBytes(values, divisor, [0], values.Length, 1).CopyInputs([0], new ColumnBlock(given, 0, values.Length, 1));
            for (int i = 0; i < values.Length; i++)
                Assert.Equal(BitConverter.SingleToUInt32Bits((float)values[i] / divisor), BitConverter.SingleToUInt32Bits(given[i]));
        }
    }

    [Fact]
    public void CopyInputs_AnyOrderWithRepeats_GathersThoseColumnsAndTouchesNothingElse()
    {
        var set = ExampleSet.FromFloats([1, 2, 3, 4, 5, 6], [0, 1, 0], 2, 2);
        float[] storage = [-1, -1, -1, -1, -1, -1, -1, -1, -1];
        set.CopyInputs([2, 0, 2], new ColumnBlock(storage, 1, 2, 3));

        Assert.Equal([-1, 5, 6, 1, 2, 5, 6, -1, -1], storage);
    }

    [Fact]
    public void CopyInputs_Bytes_TouchesNothingBesideItsBlock()
    {
        var set = ExampleSet.FromBytes([.. Enumerable.Repeat((byte)255, 3 * 17)], 255, [0, 0, 0], 17, 1);
        float[] storage = [.. Enumerable.Repeat(-1f, 60)];
        set.CopyInputs([0, 1], new ColumnBlock(storage, 3, 17, 2));

        Assert.All(storage[..3], value => Assert.Equal(-1f, value));
        Assert.All(storage[3..37], value => Assert.Equal(1f, value));
        Assert.All(storage[37..], value => Assert.Equal(-1f, value));
    }

    [Fact]
    public void CopyInputs_FloatsOfAnyBits_AreTakenAsTheyAre()
    {
        float[] values = [float.Epsilon, -0f, 1e38f, 0.1f];
        float[] storage = new float[4];
        ExampleSet.FromFloats(values, [0], 4, 1).CopyInputs([0], new ColumnBlock(storage, 0, 4, 1));

        Assert.Equal(values.Select(BitConverter.SingleToUInt32Bits), storage.Select(BitConverter.SingleToUInt32Bits));
    }

    [Fact]
    public void CopyTargets_UsedBlock_IsOneInTheRowOfTheClassElseZero()
    {
        var set = ExampleSet.FromFloats([1, 2, 3], [2, 0, 1], 1, 3);
        float[] storage = [9, 9, 9, 9, 9, 9];
        set.CopyTargets([2, 0], new ColumnBlock(storage, 0, 3, 2));

        Assert.Equal([0, 1, 0, 0, 0, 1], storage);
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(2, 1)]
    [InlineData(2, 3)]
    [InlineData(1, 4)]
    public void Copy_WrongShape_NamesBothShapes(int rows, int columns)
    {
        var set = ExampleSet.FromFloats([1, 2, 3, 4], [0, 1], 2, 2);
        var destination = new ColumnBlock(new float[12], 0, rows, columns);

        var inputs = Assert.Throws<ArgumentException>(() => set.CopyInputs([0, 1], destination));
        var targets = Assert.Throws<ArgumentException>(() => set.CopyTargets([0, 1], destination));

        Assert.Equal($"Cannot gather the inputs of 2 examples into {rows}x{columns}; expected 2x2.", inputs.Message);
        Assert.Equal($"Cannot gather the targets of 2 examples into {rows}x{columns}; expected 2x2.", targets.Message);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-1)]
    public void CopyInputs_ExampleOutOfRange_IsAnErrorAndNoMemoryOfOthers(int example)
    {
        var set = ExampleSet.FromBytes([1, 2], 255, [0, 0], 1, 1);

        Assert.ThrowsAny<ArgumentException>(() => set.CopyInputs([example], new ColumnBlock(new float[1], 0, 1, 1)));
    }

    [Fact]
    public void From_PartsThatDoNotFit_SaysWhich()
    {
        Assert.Equal(
            "5 numbers are not whole examples of 2 inputs.",
            Assert.Throws<ArgumentException>(() => ExampleSet.FromFloats(new float[5], [0, 0], 2, 1)).Message);
        Assert.Equal(
            "2 examples, but 3 labels.",
            Assert.Throws<ArgumentException>(() => ExampleSet.FromFloats(new float[4], [0, 0, 0], 2, 1)).Message);
        Assert.Equal(
            "Example 1 has label 3; from 0 to 2 fit.",
            Assert.Throws<ArgumentException>(() => ExampleSet.FromBytes(new byte[4], 255, [0, 3], 2, 3)).Message);
        Assert.Equal(
            "Example 0 has label -1; from 0 to 2 fit.",
            Assert.Throws<ArgumentException>(() => ExampleSet.FromBytes(new byte[2], 255, [-1], 2, 3)).Message);
        Assert.Throws<ArgumentException>(() => ExampleSet.FromBytes(new byte[2], 256, [0], 2, 1));
        Assert.Throws<ArgumentException>(() => ExampleSet.FromBytes(new byte[2], 0, [0], 2, 1));
        Assert.Throws<ArgumentException>(() => ExampleSet.FromFloats([], [], 0, 1));
        Assert.Throws<ArgumentException>(() => ExampleSet.FromFloats([1f], [0], 1, 0));
    }
}
