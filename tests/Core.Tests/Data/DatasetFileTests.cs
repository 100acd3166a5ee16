using System.Buffers.Binary;
using System.Security.Cryptography;
using Backprop.Core.Data;
using Backprop.Core.Tests.Files;

namespace Backprop.Core.Tests.Data;

public sealed class DatasetFileTests
{
    private const int HeaderLength = 36;

    // Written by hand from the layout that DatasetFile documents.
    private static readonly byte[] byteFile =
    [
        .. "BACKPROP"u8, 1, 0, 0, 0, 255, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 12, 0, 0, 0,
        1, 0, 0, 0, .. "a"u8, 3, 0, 0, 0, .. "öl"u8,
        10, 20, 30, 40, 50, 60, 1, 0, 0, 0, 0, 0, 0, 0,
        70, 80, 90, 1, 0, 0, 0,
    ];

    // 1 = 0x3F800000, −2 = 0xC0000000, 0.5 = 0x3F000000.
    private static readonly byte[] floatFile =
    [
        .. "BACKPROP"u8, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0,
        1, 0, 0, 0, .. "0"u8,
        0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0x3F, 0, 0, 0, 0,
    ];

    [Fact]
    public void Write_BytesAndFloats_IsTheDocumentedLayout()
    {
        Assert.Equal(byteFile, Contents.Canonical(Bytes()));
        Assert.Equal(floatFile, Contents.Canonical(Floats()));
    }

    [Fact]
    public void Length_AnySet_IsWhatWriteWrites()
    {
        Assert.Equal(byteFile.Length, DatasetFile.Length(Bytes()));
        Assert.Equal(floatFile.Length, DatasetFile.Length(Floats()));
    }

    /// <summary>Many workers may be sent a large data set at once, each at his own pace.</summary>
    [Fact]
    public void Blocks_LargeSet_AreSmallAndItsBytesAreNotCopied()
    {
        const int count = 20_000;
        ExampleSet large = ExampleSet.FromBytes(new byte[count * 784], 255, new int[count], 784, 10);
        var dataset = new Dataset("large", large, large, [.. Enumerable.Range(0, 10).Select(i => $"{i}")]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        long length = 0;
        foreach (ReadOnlyMemory<byte> block in DatasetFile.Blocks(dataset))
        {
            Assert.InRange(block.Length, 1, 512 * 1024);
            length += block.Length;
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
        Assert.Equal(DatasetFile.Length(dataset), length);
    }

    [Fact]
    public void Read_TheDocumentedLayout_SameExamples()
    {
        Dataset bytes = Read(byteFile);
        Assert.Equal((2, 1, 3, 2), (bytes.Training.Count, bytes.Test.Count, bytes.InputCount, bytes.ClassCount));
        Assert.Equal(["a", "öl"], bytes.ClassNames);
        Assert.Equal([10f / 255, 20f / 255, 30f / 255, 40f / 255, 50f / 255, 60f / 255], Contents.Inputs(bytes.Training));
        Assert.Equal([1, 0, 1], [bytes.Training.LabelOf(0), bytes.Training.LabelOf(1), bytes.Test.LabelOf(0)]);

        Dataset floats = Read(floatFile);
        Assert.Equal([1f, -2f], Contents.Inputs(floats.Training));
        Assert.Equal([0.5f], Contents.Inputs(floats.Test));
    }

    // Longer than a block of 64 KiB, and not a multiple of it.
    [Fact]
    public void Read_WhatWasWritten_SameBytesAgain()
    {
        float[] values = [.. Enumerable.Range(0, 2 * 17_000).Select(i => i / 7f)];
        int[] labels = [.. Enumerable.Range(0, 17_000).Select(i => i % 3)];
        byte[] written = Contents.Canonical(new Dataset("x", ExampleSet.FromFloats(values, labels, 2, 3), ExampleSet.FromFloats([1, 2], [2], 2, 3)));

        Dataset read = Read(written);

        Assert.Equal(values, Contents.Inputs(read.Training));
        Assert.Equal(written, Contents.Canonical(read));
    }

    [Fact]
    public void Sha256_Set_IsTheHashOfTheDocumentedBytes()
    {
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(byteFile)), Bytes().Sha256);
        Assert.Equal(Bytes().Sha256, Bytes("another name").Sha256);
    }

    [Fact]
    public void Sha256_AnyPartChanged_IsAnother()
    {
        ExampleSet training = ExampleSet.FromBytes([1, 2, 3, 4], 255, [0, 1], 2, 2);
        ExampleSet test = ExampleSet.FromBytes([5, 6], 255, [1], 2, 2);
        Dataset[] sets =
        [
            new("x", training, test),
            new("x", ExampleSet.FromBytes([1, 2, 3, 5], 255, [0, 1], 2, 2), test), // an input
            new("x", training, ExampleSet.FromBytes([5, 7], 255, [1], 2, 2)), // a test input
            new("x", ExampleSet.FromBytes([1, 2, 3, 4], 16, [0, 1], 2, 2), ExampleSet.FromBytes([5, 6], 16, [1], 2, 2)), // scale
            new("x", ExampleSet.FromBytes([1, 2, 3, 4], 255, [0, 0], 2, 2), test), // a label
            new("x", training, ExampleSet.FromBytes([5, 6], 255, [0], 2, 2)), // a test label
            new("x", training, test, ["a", "b"]), // class names
            new("x", training, test, ["ab", ""]), // the cut between them
            new("x", ExampleSet.FromBytes([1, 2, 3, 4], 255, [0, 1], 2, 3), ExampleSet.FromBytes([5, 6], 255, [1], 2, 3)), // classes
            new("x", ExampleSet.FromBytes([1, 2], 255, [0], 2, 2), ExampleSet.FromBytes([3, 4, 5, 6], 255, [1, 1], 2, 2)), // the cut
            new("x", ExampleSet.FromBytes([1, 2, 3, 4], 255, [0, 1, 0, 1], 1, 2), ExampleSet.FromBytes([5, 6], 255, [1, 1], 1, 2)), // shape
            new("x", ExampleSet.FromFloats([1, 2, 3, 4], [0, 1], 2, 2), ExampleSet.FromFloats([5, 6], [1], 2, 2)), // floats
        ];

        Assert.Equal(sets.Length, sets.Select(set => set.Sha256).Distinct().Count());
    }

    [Fact]
    public void Read_EveryPrefixAndOneByteMore_Refused()
    {
        foreach (byte[] file in new[] { byteFile, floatFile })
        {
            for (int length = 0; length < file.Length; length++)
                Refused.Message("the-set", () => Read(file[..length]));
            Refused.Message("the-set", () => Read([.. file, 0]));
        }
    }

    [Fact]
    public void Read_EveryHeaderBitFlipped_RefusedOrValid()
    {
        foreach (byte[] file in new[] { byteFile, floatFile })
        {
            for (int bit = 0; bit < HeaderLength * 8; bit++)
            {
                byte[] flipped = [.. file];
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                long allocated = Refused.Allocated(() => RequireWholeOrRefused(flipped));
                Assert.InRange(allocated, 0, 1 << 20);
            }
        }
    }

    // Offsets of the header's words: version 8, divisor 12, inputs 16, classes 20, training 24, test 28, names 32.
    [Theory]
    [InlineData(0, 0, "not in this program's form")]
    [InlineData(8, 2, "not in this program's form (version 1)")]
    [InlineData(12, 256, "impossible header")]
    [InlineData(12, -1, "impossible header")]
    [InlineData(16, 0, "impossible header")]
    [InlineData(16, int.MaxValue, "impossible header")]
    [InlineData(20, 0, "impossible header")]
    [InlineData(20, 1 << 20, "impossible header")]
    [InlineData(24, 0, "impossible header")]
    [InlineData(24, int.MaxValue, "bytes after its header expected, 33 found")]
    [InlineData(28, -1, "impossible header")]
    [InlineData(28, int.MaxValue, "bytes after its header expected, 33 found")]
    [InlineData(32, -1, "impossible header")]
    [InlineData(32, 0, "impossible header")]
    [InlineData(32, int.MaxValue, "bytes after its header expected, 33 found")]
    public void Read_ImpossibleWord_RefusedWithoutTakingMemory(int offset, int value, string expected)
    {
        byte[] file = [.. byteFile];
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(offset), value);
        string message = "";
        long allocated = Refused.Allocated(() => message = Refused.Message("the-set", () => Read(file)));

        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.InRange(allocated, 0, 1 << 20);
    }

    [Fact]
    public void Read_LabelOutOfRange_NamesTheExample()
    {
        byte[] file = [.. byteFile];
        file[^4] = 2;

        Assert.Contains("Example 0 has label 2; from 0 to 1 fit", Refused.Message("the-set", () => Read(file)), StringComparison.Ordinal);
    }

    // The block of names from byte 36: lengths 1 and 3 at 36 and 41.
    [Theory]
    [InlineData(36, 5, "do not fit their block")]
    [InlineData(36, 255, "do not fit their block")]
    [InlineData(39, 255, "do not fit their block")]
    [InlineData(41, 2, "1 bytes follow the class names")]
    [InlineData(46, 0x28, "is damaged")]
    public void Read_DamagedClassNames_Refused(int offset, byte value, string expected)
    {
        byte[] file = [.. byteFile];
        file[offset] = value;

        Assert.Contains(expected, Refused.Message("the-set", () => Read(file)), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_RandomDamage_RefusedOrWhole()
    {
        foreach (byte[] file in new[] { byteFile, floatFile })
            Assert.InRange(Mutation.Check(file, 5000, 1 << 20, (_, bytes) => RequireWhole(bytes)), 1, 4999);
    }

    private static void RequireWholeOrRefused(byte[] bytes) => Refused.OrResult(() => RequireWhole(bytes));

    /// <summary>What is read has these bytes again: nothing was passed over, and the identity is theirs.</summary>
    private static Dataset RequireWhole(byte[] bytes)
    {
        Dataset dataset = DatasetFile.Read(new MemoryStream(bytes), "damaged-file", null);
        Assert.Equal(bytes, Contents.Canonical(dataset));
        return dataset;
    }

    private static Dataset Read(byte[] bytes) => DatasetFile.Read(new MemoryStream(bytes), "the-set", null);

    private static Dataset Bytes(string name = "bytes") => new(
        name, ExampleSet.FromBytes([10, 20, 30, 40, 50, 60], 255, [1, 0], 3, 2), ExampleSet.FromBytes([70, 80, 90], 255, [1], 3, 2), ["a", "öl"]);

    private static Dataset Floats() => new(
        "floats", ExampleSet.FromFloats([1, -2], [0, 0], 1, 1), ExampleSet.FromFloats([0.5f], [0], 1, 1));
}
