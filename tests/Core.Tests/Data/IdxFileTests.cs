using Backprop.Core.Data;
using Backprop.Core.Tests.Files;

namespace Backprop.Core.Tests.Data;

public sealed class IdxFileTests : IDisposable
{
    private readonly TestDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadImages_TwoOfTwoByThree_TheirBytesInOrder(bool isPacked)
    {
        byte[] file = IdxFiles.Images(2, 2, 3, 1, 2, 3, 4, 5, 6, 255, 254, 253, 252, 251, 0);
        string path = directory.Write("images", isPacked ? Gzip.Pack(file) : file);

        (byte[] pixels, int count, int pixelsEach) = IdxFile.ReadImages(path);

        Assert.Equal([1, 2, 3, 4, 5, 6, 255, 254, 253, 252, 251, 0], pixels);
        Assert.Equal((2, 6), (count, pixelsEach));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadLabels_Four_InOrder(bool isPacked)
    {
        byte[] file = IdxFiles.Labels(4, 9, 0, 3, 9);
        string path = directory.Write("labels", isPacked ? Gzip.Pack(file) : file);

        Assert.Equal([9, 0, 3, 9], IdxFile.ReadLabels(path, 10));
    }

    [Theory]
    [InlineData("", "byte 0: the file ends before the magic number")]
    [InlineData("000008", "byte 3: the file ends before the magic number")]
    [InlineData("00000801 00000001 07", "byte 0: magic number 0x00000801; IDX files of images begin with 0x00000803")]
    [InlineData("00000D03 00000001 00000001 00000001 07", "byte 0: magic number 0x00000D03")]
    [InlineData("FFFFFFFF 00000001 00000001 00000001 07", "byte 0: magic number 0xFFFFFFFF")]
    [InlineData("00000803", "byte 4: the file ends before the number of images")]
    [InlineData("00000803 00000001 000000", "byte 11: the file ends before the rows")]
    [InlineData("00000803 00000001 00000001", "byte 12: the file ends before the columns")]
    [InlineData("00000803 00000000 00000001 00000001", "byte 4: 0 images")]
    [InlineData("00000803 80000000 00000001 00000001 07", "byte 4: 2147483648 images")]
    [InlineData("00000803 00000001 00000000 00000001", "byte 8: images of 0x1 pixels")]
    [InlineData("00000803 00000001 00000001 00000000", "byte 8: images of 1x0 pixels")]
    [InlineData("00000803 00000001 00001001 00000001", "byte 8: images of 4097x1 pixels; from 1x1 to 4096x4096 fit")]
    [InlineData("00000803 00000002 00000001 00000002 010203", "byte 19: 2 images of 1x2 take 4 bytes after the header; there are 3")]
    [InlineData("00000803 00000002 00000001 00000002 0102030405", "byte 21: 2 images of 1x2 take 4 bytes after the header; there are 5")]
    [InlineData("00000803 7FFFFFFF 00001000 00001000 07", "byte 17: 2147483647 images of 4096x4096 take 36028797002186752 bytes")]
    public void ReadImages_Damaged_NamesTheByte(string hexadecimal, string expected)
    {
        string path = directory.Write("images", Convert.FromHexString(hexadecimal.Replace(" ", "", StringComparison.Ordinal)));
        Assert.Contains(expected, Refused.Message(path, () => IdxFile.ReadImages(path)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00000803 00000001 07", "byte 0: magic number 0x00000803; IDX files of labels begin with 0x00000801")]
    [InlineData("00000801 0000", "byte 6: the file ends before the number of labels")]
    [InlineData("00000801 00000000", "byte 4: 0 labels")]
    [InlineData("00000801 FFFFFFFF 07", "byte 4: 4294967295 labels")]
    [InlineData("00000801 00000002 07", "byte 9: 2 labels take 2 bytes after the header; there are 1")]
    [InlineData("00000801 00000001 0708", "byte 10: 1 labels take 1 bytes after the header; there are 2")]
    [InlineData("00000801 7FFFFFFF 07", "byte 9: 2147483647 labels take 2147483647 bytes")]
    [InlineData("00000801 00000003 00090A", "byte 10: label 10 of example 2; from 0 to 9 fit")]
    public void ReadLabels_Damaged_NamesTheByte(string hexadecimal, string expected)
    {
        string path = directory.Write("labels", Convert.FromHexString(hexadecimal.Replace(" ", "", StringComparison.Ordinal)));
        Assert.Contains(expected, Refused.Message(path, () => IdxFile.ReadLabels(path, 10)), StringComparison.Ordinal);
    }

    // Nothing is set aside for what a header claims: the file itself has to be as long.
    [Fact]
    public void Read_HugeClaims_TakeNoMemory()
    {
        string images = directory.Write("images", IdxFiles.Images(0x7FFFFFFF, 4096, 4096, 1));
        string labels = directory.Write("labels", IdxFiles.Labels(0x7FFFFFFF, 1));

        Assert.InRange(Refused.Allocated(() => Refused.Message(images, () => IdxFile.ReadImages(images))), 0, 1 << 20);
        Assert.InRange(Refused.Allocated(() => Refused.Message(labels, () => IdxFile.ReadLabels(labels, 10))), 0, 1 << 20);
    }

    [Fact]
    public void ReadImages_NoSuchFile_NamesIt() =>
        Refused.Message("no-such-file", () => IdxFile.ReadImages(directory.PathOf("no-such-file")));

    [Fact]
    public void ReadImages_RandomDamage_RefusedOrValid()
    {
        byte[] whole = IdxFiles.Images(3, 2, 2, [.. Enumerable.Range(0, 12).Select(i => (byte)i)]);
        int refused = Mutation.Check(whole, 5000, 1 << 20, (name, bytes) =>
        {
            (byte[] pixels, int count, int pixelsEach) = IdxFile.ReadImages(name, ByteFile.Read(name, new MemoryStream(bytes)));
            Assert.Equal(pixels.Length, count * pixelsEach);
        });

        Assert.InRange(refused, 1, 5000);
    }
}
