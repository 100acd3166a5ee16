using System.Runtime.Versioning;
using System.Security.Cryptography;
using Backprop.Core.Data;
using Backprop.Core.Tests.Files;

namespace Backprop.Core.Tests.Data;

public sealed class DatasetCacheTests : IDisposable
{
    private static readonly Dataset set = new(
        "x", ExampleSet.FromBytes([1, 2, 3, 4], 255, [0, 1], 2, 2), ExampleSet.FromBytes([5, 6], 255, [1], 2, 2));

    private static readonly byte[] content = Contents.Canonical(set);

    private readonly TestDirectory directory = new();

    public void Dispose() => directory.Dispose();

    private DatasetCache Cache => new(directory.Path);

    private string Place => Path.Combine("datasets", $"{set.Sha256}.backprop");

    [Fact]
    public async Task ReceiveAsync_WholeStream_IsKeptUnderItsHash()
    {
        Assert.False(Cache.TryOpen(set.Sha256, out _));

        Dataset received = await ReceiveAsync(set.Sha256, content.Length, content);

        Assert.Equal(set.Sha256, received.Sha256);
        Assert.Equal(content, Contents.Canonical(received));
        Assert.Equal(["datasets", Place], directory.Entries());
        Assert.Equal(content, await File.ReadAllBytesAsync(directory.PathOf(Place), TestContext.Current.CancellationToken));
        Assert.True(Cache.TryOpen(set.Sha256, out Dataset? opened));
        Assert.Equal(content, Contents.Canonical(opened));
    }

    [Fact]
    public async Task ReceiveAsync_OtherBytes_RefusedAndNothingLeft()
    {
        byte[] other = [.. content];
        other[^1] ^= 1;
        string message = await RefusedAsync(set.Sha256, content.Length, other);

        Assert.Contains($"has SHA-256 {Convert.ToHexStringLower(SHA256.HashData(other))}", message, StringComparison.Ordinal);
        Assert.Contains(set.Sha256, message, StringComparison.Ordinal);
        Assert.Equal(["datasets"], directory.Entries());
    }

    [Theory]
    [InlineData(1, "sent more than the")]
    [InlineData(1_000_000, "sent more than the")]
    [InlineData(-1, "has SHA-256")]
    public async Task ReceiveAsync_LongerOrShorter_RefusedAndNothingLeft(int more, string expected)
    {
        byte[] sent = more > 0 ? [.. content, .. new byte[more]] : content[..^-more];

        Assert.Contains(expected, await RefusedAsync(set.Sha256, content.Length, sent), StringComparison.Ordinal);
        Assert.Equal(["datasets"], directory.Entries());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData((4L << 30) + 1)]
    public async Task ReceiveAsync_ImpossibleLength_RefusedBeforeAnythingIsWritten(long length)
    {
        Assert.Contains($"of {length} bytes", await RefusedAsync(set.Sha256, length, content), StringComparison.Ordinal);
        Assert.Empty(directory.Entries());
    }

    // The hash is right, but what it is of is no data set: it would be opened, dropped and fetched for ever.
    [Fact]
    public async Task ReceiveAsync_RightHashOfSomethingElse_RefusedAndNothingLeft()
    {
        byte[] text = [.. "no data set at all, but with its own hash"u8];

        await RefusedAsync(Convert.ToHexStringLower(SHA256.HashData(text)), text.Length, text);
        Assert.Equal(["datasets"], directory.Entries());
    }

    [Fact]
    public async Task ReceiveAsync_StreamThatBreaks_FailsAsItDoesAndNothingIsLeft()
    {
        async IAsyncEnumerable<ReadOnlyMemory<byte>> Broken()
        {
            yield return content.AsMemory(0, 10);
            await Task.Yield();
            throw new InvalidOperationException("connection lost");
        }

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => Cache.ReceiveAsync(set.Sha256, content.Length, Broken(), TestContext.Current.CancellationToken));
        Assert.Equal(["datasets"], directory.Entries());
    }

    [Fact]
    public async Task ReceiveAsync_PlaceThatIsNoDirectory_NamesItAndTheOption()
    {
        string file = directory.Write("a-file", "in the way");
        UserErrorException error = await Assert.ThrowsAsync<UserErrorException>(
            () => new DatasetCache(file).ReceiveAsync(set.Sha256, content.Length, Chunks(content), TestContext.Current.CancellationToken));

        Assert.Contains($"cannot be kept in {file}", error.Message, StringComparison.Ordinal);
        Assert.Contains("--data-dir", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../../../etc/passwd")]
    [InlineData("..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2f")]
    [InlineData("../4567890123456789012345678901234567890123456789012345678901234")]
    [InlineData("/1234567890123456789012345678901234567890123456789012345678901234")]
    [InlineData("ABCDEF6789012345678901234567890123456789012345678901234567890123")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123\n")]
    public async Task AnyCall_NameThatIsNoHash_RefusedAndNothingTouched(string name)
    {
        Assert.Contains("something else than a SHA-256", await RefusedAsync(name, content.Length, content), StringComparison.Ordinal);
        Assert.Throws<UserErrorException>(() => Cache.TryOpen(name, out _));
        Assert.Empty(directory.Entries());
    }

    [Theory]
    [InlineData(CacheDamage.FlippedBit)]
    [InlineData(CacheDamage.CutOff)]
    [InlineData(CacheDamage.GrownOn)]
    [InlineData(CacheDamage.Empty)]
    public async Task TryOpen_DamagedFile_DroppedAndFetchedAnew(CacheDamage damage)
    {
        await ReceiveAsync(set.Sha256, content.Length, content);
        byte[] damaged = damage switch
        {
            CacheDamage.FlippedBit => [.. content[..^1], (byte)(content[^1] ^ 0x80)],
            CacheDamage.CutOff => content[..^1],
            CacheDamage.GrownOn => [.. content, 0],
            _ => [],
        };
        directory.Write(Place, damaged);

        Assert.False(Cache.TryOpen(set.Sha256, out Dataset? dataset));
        Assert.Null(dataset);
        Assert.Equal(["datasets"], directory.Entries());

        await ReceiveAsync(set.Sha256, content.Length, content);
        Assert.True(Cache.TryOpen(set.Sha256, out _));
    }

    [Theory]
    [InlineData("may not be read", UnixFileMode.None)]
    [InlineData("damaged", UnixFileMode.OtherRead)]
    [UnsupportedOSPlatform("windows")]
    public async Task TryOpen_UnusableFileThatMayNotBeDeleted_IsNotThereAndComesAgain(string found, UnixFileMode mode)
    {
        const UnixFileMode looking = UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        const UnixFileMode all = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        await ReceiveAsync(set.Sha256, content.Length, content);
        directory.Write(Place, found);
        File.SetUnixFileMode(directory.PathOf(Place), mode);
        File.SetUnixFileMode(directory.PathOf("datasets"), all | looking);
        File.SetUnixFileMode(directory.Path, all | looking);

        using (new OrdinaryUser())
            Assert.False(Cache.TryOpen(set.Sha256, out _));

        Assert.True(File.Exists(directory.PathOf(Place)));
        await ReceiveAsync(set.Sha256, content.Length, content);
        Assert.True(Cache.TryOpen(set.Sha256, out _));
    }

    private Task<Dataset> ReceiveAsync(string sha256, long length, byte[] bytes) =>
        Cache.ReceiveAsync(sha256, length, Chunks(bytes), TestContext.Current.CancellationToken);

    private async Task<string> RefusedAsync(string sha256, long length, byte[] bytes) =>
        (await Assert.ThrowsAsync<UserErrorException>(() => ReceiveAsync(sha256, length, bytes))).Message;

    /// <summary>As they may come: in pieces of any size, some of them empty.</summary>
    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> Chunks(byte[] bytes)
    {
        int at = 0;
        for (int size = 0; at < bytes.Length; size++)
        {
            int length = Math.Min(size, bytes.Length - at);
            yield return bytes.AsMemory(at, length);
            await Task.Yield();
            at += length;
        }
    }
}

public enum CacheDamage
{
    FlippedBit,
    CutOff,
    GrownOn,
    Empty,
}
