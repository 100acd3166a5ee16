using System.Text;
using Backprop.Core.Data;
using Backprop.Core.Tests.Files;

namespace Backprop.Core.Tests.Data;

public sealed class ByteFileTests : IDisposable
{
    private readonly TestDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Read_RawOrPacked_SameBytes()
    {
        byte[] bytes = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * i))];

        Assert.Equal(bytes, ByteFile.Read(directory.Write("raw", bytes)));
        Assert.Equal(bytes, ByteFile.Read(directory.Write("packed", Gzip.Pack(bytes))));
        Assert.Equal([.. bytes, .. bytes], ByteFile.Read(directory.Write("two-members", [.. Gzip.Pack(bytes), .. Gzip.Pack(bytes)])));
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x1F })]
    [InlineData(new byte[] { 0x1F, 0x8C, 8 })]
    public void Read_ShortOrNoGzip_AsItIs(byte[] bytes)
    {
        Assert.Equal(bytes, ByteFile.Read(directory.Write("bytes", bytes)));
        Assert.Equal(bytes, ByteFile.Read(directory.Write("packed", Gzip.Pack(bytes))));
    }

    // Random bytes do not shrink, so the end of the packed file wanders over the ends of blocks of 8 KiB.
    [Fact]
    public void Read_PackedFilesOfAnyLength_AreWhole()
    {
        var random = new RandomSource(5, 0);
        for (int length = 8100; length < 8300; length++)
        {
            byte[] bytes = [.. Enumerable.Range(0, length).Select(_ => (byte)random.NextInt(256))];
            Assert.Equal(bytes, ByteFile.Read("random", new MemoryStream(Gzip.Pack(bytes))));
        }
    }

    [Fact]
    public void Read_GzipTornAnywhere_Refused()
    {
        byte[] packed = Gzip.Pack(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 300).Select(i => $"{i},{i * i}\n"))));
        for (int length = 2; length < packed.Length; length++)
        {
            string message = Refused.Message("torn.gz", () => ByteFile.Read("torn.gz", new MemoryStream(packed, 0, length)));
            Assert.Contains("is not a whole gzip file", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_BytesAfterTheGzip_Refused()
    {
        byte[] packed = [.. Gzip.Pack([1, 2, 3]), 7];
        Refused.Message("torn.gz", () => ByteFile.Read("torn.gz", new MemoryStream(packed)));
    }

    [Fact]
    public void Read_GzipWithABitFlipped_SameBytesOrRefused()
    {
        byte[] bytes = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 100).Select(i => $"{i},{i * i}\n")));
        byte[] packed = Gzip.Pack(bytes);
        for (int bit = 16; bit < packed.Length * 8; bit++)
        {
            packed[bit / 8] ^= (byte)(1 << (bit % 8));
            byte[]? read = Refused.OrResult(() => ByteFile.Read("flipped.gz", new MemoryStream(packed)));
            Assert.True(read is null || read.AsSpan().SequenceEqual(bytes), $"bit {bit}");
            packed[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Read_MoreThanTheLimit_RefusedWithoutTakingItIn()
    {
        const int limit = 100_000;
        Assert.Equal(limit, ByteFile.Read("at-limit", new MemoryStream(new byte[limit]), limit).Length);
        Assert.Contains(
            "100000", Refused.Message("above", () => ByteFile.Read("above", new MemoryStream(new byte[limit + 1]), limit)),
            StringComparison.Ordinal);

        // A thousandth of its content: 20 MB in 20 kB.
        byte[] bomb = Gzip.Pack(new byte[20_000_000]);
        Assert.InRange(bomb.Length, 1, 50_000);
        long allocated = Refused.Allocated(() => Refused.Message("bomb.gz", () => ByteFile.Read("bomb.gz", new MemoryStream(bomb), limit)));
        Assert.InRange(allocated, 0, 10 * limit);
    }

    [Fact]
    public void Read_StreamThatCannotSeek_IsRead()
    {
        byte[] bytes = [.. Enumerable.Range(0, 70_000).Select(i => (byte)i)];
        using var gzip = new System.IO.Compression.GZipStream(
            new MemoryStream(Gzip.Pack(bytes)), System.IO.Compression.CompressionMode.Decompress);

        Assert.Equal(bytes, ByteFile.Read("pipe", gzip));
    }

    [Fact]
    public void Read_NoSuchFileOrADirectory_NamesIt()
    {
        Refused.Message(directory.PathOf("none"), () => ByteFile.Read(directory.PathOf("none")));
        Refused.Message(directory.Path, () => ByteFile.Read(directory.Path));
    }
}
