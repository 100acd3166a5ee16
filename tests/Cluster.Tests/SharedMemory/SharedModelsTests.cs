using System.Runtime.InteropServices;
using Backprop.Cluster.Tests.Commands;
using Backprop.Core.Data;
using Backprop.Core.Model;
using Backprop.Protos.SharedMemory;

namespace Backprop.Cluster.Tests.SharedMemory;

/// <summary>A file that two sides map: each test is both the coordinator and the worker.</summary>
public sealed class SharedModelsTests : IDisposable
{
    private static readonly NetworkShape shape = NetworkShape.Parse("5-4-3");

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Numbers_WrittenByOneSide_AreReadByTheOtherWhereTheyStand(bool isWritable)
    {
        string path = NewPath();
        using SharedModels ours = SharedModels.Create(path, shape, count: 3);
        using SharedModels theirs = Open(ours, path, isWritable);
        foreach (int place in (int[])[2, 0, 1])
            Random(place).CopyTo(ours[place]);
        for (int place = 0; place < 3; place++)
            Assert.Equal(Random(place).ComputeSha256(), theirs[place].ComputeSha256());
    }

    [Fact]
    public void TakeOver_Place_LeavesAllNumbersAsTheyStand()
    {
        using SharedModels shared = SharedModels.Create(NewPath(), shape, count: 3);
        for (int place = 0; place < 3; place++)
            Random(place).CopyTo(shared[place]);

        shared.TakeOver(1);

        for (int place = 0; place < 3; place++)
            Assert.Equal(Random(place).ComputeSha256(), shared[place].ComputeSha256());
    }

    [Fact]
    public void File_HoldsTheKeyAndRoomForMessagesThenThePlaces_EachAWholeNumberOfCacheLines()
    {
        string path = NewPath();
        using SharedModels ours = SharedModels.Create(path, shape, count: 2);
        Random(1).CopyTo(ours[0]);
        Random(2).CopyTo(ours[1]);

        // training.proto: each W column after column, then b, layers ascending; 39 numbers are filled up to 48.
        byte[] filling = new byte[9 * sizeof(float)];
        byte[] expected = [.. ours.Key, .. new byte[2 * MessageRing.Length], .. Bytes(Random(1)), .. filling, .. Bytes(Random(2)), .. filling];
        Assert.Equal(expected, ReadShared(path));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Place_OutOfRange_IsRefused(int place)
    {
        using SharedModels shared = SharedModels.Create(NewPath(), shape, count: 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => shared[place]);
    }

    [Fact]
    public void Create_File_IsForThisUserAlone()
    {
        if (OperatingSystem.IsWindows())
            return;
        string path = NewPath();
        using SharedModels shared = SharedModels.Create(path, shape, count: 1);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void Create_NameThatExists_IsRefusedAndTheFileLeft()
    {
        string path = directory.Write("taken", "mine");
        Assert.Throws<IOException>(() => SharedModels.Create(path, shape, count: 1));
        Assert.Equal("mine", File.ReadAllText(path));
    }

    [Fact]
    public void Create_MoreThanTheDiskHolds_IsRefusedAndLeavesNothing()
    {
        // 4 TiB and more: no memory and no temporary directory has it.
        string path = SharedDirectory.NewPath();
        Assert.Throws<IOException>(() => SharedModels.Create(path, NetworkShape.Parse("32767-32767"), count: 1000));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void TryOpen_AnotherKey_IsNull()
    {
        string path = NewPath();
        using SharedModels ours = SharedModels.Create(path, shape, count: 1);
        byte[] key = [.. ours.Key];
        Assert.Equal(SharedModels.KeyLength, key.Length);
        key[^1] ^= 1;
        Assert.Null(TryOpen(path, key, shape, 1));
        Assert.Null(TryOpen(path, [], shape, 1));
        Assert.Null(TryOpen(path, ours.Key.AsSpan(1), shape, 1));
        Assert.Null(TryOpen(path, [.. ours.Key, 0], shape, 1));
        Assert.True(File.Exists(path));
    }

    [Fact]
    public void Create_TwoFiles_HaveOtherKeys()
    {
        using SharedModels one = SharedModels.Create(NewPath(), shape, count: 1);
        using SharedModels other = SharedModels.Create(NewPath(), shape, count: 1);
        Assert.NotEqual(one.Key, other.Key);
    }

    [Theory]
    [InlineData("5-4-3", 2)] // one place more than the file has
    [InlineData("5-4-3", 0)]
    [InlineData("5-4-3", int.MaxValue)]
    [InlineData("9-4-4", 1)]
    public void TryOpen_AnotherShapeOrNumberOfPlaces_IsNull(string layers, int count)
    {
        string path = NewPath();
        using SharedModels ours = SharedModels.Create(path, shape, count: 1);
        Assert.Null(TryOpen(path, ours.Key, NetworkShape.Parse(layers), count));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void TryOpen_FileOfAnotherLength_IsNull(int difference)
    {
        string path = NewPath();
        using SharedModels ours = SharedModels.Create(path, shape, count: 1);
        byte[] bytes = ReadShared(path);
        string other = NewPath();
        File.WriteAllBytes(other, difference < 0 ? bytes[..^1] : [.. bytes, 0]);
        Assert.Null(TryOpen(other, ours.Key, shape, 1));
    }

    [Fact]
    public void TryOpen_NoSuchFile_IsNull()
    {
        byte[] key = new byte[SharedModels.KeyLength];
        foreach (string path in (string[])[NewPath(), Path.Combine(directory.Path, "no", "backprop-file"), directory.Path, "", "\0", "/dev/null", "/dev/tty"])
            Assert.Null(TryOpen(path, key, shape, 1));
    }

    /// <summary>Whoever opens a pipe for reading waits until somebody writes.</summary>
    [Fact]
    public void TryOpen_FileThatIsNotOneOfOurs_IsNotEvenOpened()
    {
        string path = NewPath();
        using SharedModels ours = SharedModels.Create(path, shape, count: 1);
        string other = Path.Combine(directory.Path, "other");
        File.Copy(path, other);
        Assert.Null(TryOpen(other, ours.Key, shape, 1));
        string link = NewPath();
        File.CreateSymbolicLink(link, other);
        Assert.Null(TryOpen(link, ours.Key, shape, 1));
    }

    [Fact]
    public void Unlink_BothHaveMapped_TheNameIsGoneAndTheMemoryStays()
    {
        string path = NewPath();
        using SharedModels ours = SharedModels.Create(path, shape, count: 1);
        using SharedModels theirs = Open(ours, path);
        ours.Unlink();
        Assert.False(File.Exists(path));
        ours.Unlink();

        Random(5).CopyTo(ours[0]);
        Assert.Equal(Random(5).ComputeSha256(), theirs[0].ComputeSha256());
    }

    [Fact]
    public void Path_AfterUnlink_StillLeadsToTheFile()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using SharedModels ours = SharedModels.Create(NewPath(), shape, count: 1);
        ours.Unlink();
        Random(6).CopyTo(ours[0]);
        using SharedModels theirs = Open(ours, ours.Path, isWritable: false);
        Assert.Equal(Random(6).ComputeSha256(), theirs[0].ComputeSha256());
        Assert.Empty(directory.Entries());
    }

    [Fact]
    public void Dispose_NotUnlinked_TakesTheNameAway()
    {
        string path = NewPath();
        SharedModels ours = SharedModels.Create(path, shape, count: 1);
        SharedModels theirs = Open(ours, path);
        theirs.Unlink();
        theirs.Dispose();
        Assert.True(File.Exists(path));
        ours.Dispose();
        ours.Dispose();
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Hold_AfterDispose_IsRefused()
    {
        SharedModels shared = SharedModels.Create(NewPath(), shape, count: 1);
        shared.Dispose();
        Assert.Throws<ObjectDisposedException>(shared.Hold);
    }

    /// <summary>Memory unmapped under a reader would end the process.</summary>
    [Fact]
    public void Hold_DisposedOfMeanwhile_TheNumbersStay()
    {
        SharedModels shared = SharedModels.Create(NewPath(), shape, count: 1);
        Random(7).CopyTo(shared[0]);
        shared.Hold();
        shared.Dispose();
        Assert.Equal(Random(7).ComputeSha256(), shared[0].ComputeSha256());
        shared.Release();
        Assert.Throws<ObjectDisposedException>(shared.Hold);
    }

    private static SharedModels Open(SharedModels ours, string path, bool isWritable = true)
    {
        SharedModels? theirs = SharedModels.TryOpen(path, ours.Key, shape, ours.Count, isWritable);
        Assert.NotNull(theirs);
        Assert.Equal(ours.Count, theirs.Count);
        return theirs;
    }

    private static SharedModels? TryOpen(string path, ReadOnlySpan<byte> key, NetworkShape layers, int count) =>
        SharedModels.TryOpen(path, key, layers, count, isWritable: true);

    private static byte[] ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static byte[] Bytes(Parameters parameters) =>
        [.. parameters.Layers.SelectMany(layer => MemoryMarshal.AsBytes(layer.Numbers.Span).ToArray())];

    private static Parameters Random(int seed)
    {
        var random = new RandomSource(seed: 8, stream: (ulong)seed);
        var parameters = new Parameters(shape);
        foreach (LayerParameters layer in parameters.Layers)
        {
            foreach (ref float number in layer.Numbers.Span)
                number = (float)random.NextDouble();
        }

        return parameters;
    }

    private string NewPath() => Path.Combine(directory.Path, $"backprop-{Guid.NewGuid():N}");
}
