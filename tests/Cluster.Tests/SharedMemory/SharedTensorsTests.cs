using Backprop.Cluster.Tests.Commands;
using Backprop.Core.Data;
using Backprop.Core.Model;
using Backprop.Protos.SharedMemory;

namespace Backprop.Cluster.Tests.SharedMemory;

/// <summary>A file that two sides map: each test is both the coordinator and the worker.</summary>
public sealed class SharedTensorsTests : IDisposable
{
    private static readonly NetworkShape shape = NetworkShape.Parse("5-4-3");

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Weights_WrittenByOneSide_AreReadByTheOther()
    {
        using SharedTensors ours = SharedTensors.Create(NewPath(), shape, slots: 3);
        using SharedTensors theirs = Open(ours);
        for (int seed = 0; seed < 3; seed++)
        {
            Parameters sent = RandomParameters(shape, seed);
            Assert.True(ours.TryWriteWeights(sent));
            var received = new Parameters(shape);
            theirs.ReadWeights(received);
            Assert.Equal(sent.ComputeSha256(), received.ComputeSha256());
        }
    }

    [Fact]
    public void File_HoldsTheKeyThenTheWeightsThenTheSlots()
    {
        string path = NewPath();
        using SharedTensors ours = SharedTensors.Create(path, shape, slots: 2);
        Parameters weights = RandomParameters(shape, 1);
        Assert.True(ours.TryWriteWeights(weights));
        Parameters value = RandomParameters(shape, 2);
        for (int layer = 0; layer < value.Layers.Count; layer++)
            ours.WriteLayer(1, value.Layers, layer, value.Layers[layer]);

        // training.proto: the key, the weights, the slots; each W column after column, then b, layers ascending.
        byte[] expected = [.. ours.Key, .. Bytes(weights), .. new byte[Bytes(weights).Length], .. Bytes(value)];
        Assert.Equal(expected, ReadShared(path));
    }

    [Fact]
    public void Values_OfEverySlotInAnyOrderOfLayers_AreReadBack()
    {
        using SharedTensors ours = SharedTensors.Create(NewPath(), shape, slots: 3);
        using SharedTensors theirs = Open(ours);
        Parameters weights = RandomParameters(shape, 9);
        Assert.True(ours.TryWriteWeights(weights));
        Parameters[] values = [.. Enumerable.Range(0, 3).Select(slot => RandomParameters(shape, slot))];
        foreach (int slot in (int[])[2, 0, 1])
        {
            foreach (int layer in (int[])[1, 0])
                theirs.WriteLayer(slot, values[slot].Layers, layer, values[slot].Layers[layer]);
        }

        var received = new Parameters(shape);
        for (int slot = 0; slot < 3; slot++)
        {
            ours.ReadValue(slot, received.Layers);
            Assert.Equal(values[slot].ComputeSha256(), received.ComputeSha256());
        }

        theirs.ReadWeights(received);
        Assert.Equal(weights.ComputeSha256(), received.ComputeSha256());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Slot_OutOfRange_IsRefused(int slot)
    {
        using SharedTensors shared = SharedTensors.Create(NewPath(), shape, slots: 3);
        Parameters value = RandomParameters(shape, 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => shared.ReadValue(slot, value.Layers));
        Assert.Throws<ArgumentOutOfRangeException>(() => shared.WriteLayer(slot, value.Layers, 0, value.Layers[0]));
    }

    [Fact]
    public void Create_File_IsForThisUserAlone()
    {
        if (OperatingSystem.IsWindows())
            return;
        string path = NewPath();
        using SharedTensors shared = SharedTensors.Create(path, shape, slots: 1);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void Create_NameThatExists_IsRefusedAndTheFileLeft()
    {
        string path = directory.Write("taken", "mine");
        Assert.Throws<IOException>(() => SharedTensors.Create(path, shape, slots: 1));
        Assert.Equal("mine", File.ReadAllText(path));
    }

    [Fact]
    public void Create_MoreThanTheDiskHolds_IsRefusedAndLeavesNothing()
    {
        // 4 TiB and more: no memory and no temporary directory has it.
        string path = SharedDirectory.NewPath();
        Assert.Throws<IOException>(() => SharedTensors.Create(path, NetworkShape.Parse("32767-32767"), slots: 1000));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void TryOpen_AnotherKey_IsNull()
    {
        string path = NewPath();
        using SharedTensors ours = SharedTensors.Create(path, shape, slots: 1);
        byte[] key = [.. ours.Key];
        Assert.Equal(SharedTensors.KeyLength, key.Length);
        key[^1] ^= 1;
        Assert.Null(SharedTensors.TryOpen(path, key, shape, 1));
        Assert.Null(SharedTensors.TryOpen(path, [], shape, 1));
        Assert.Null(SharedTensors.TryOpen(path, ours.Key.AsSpan(1), shape, 1));
        Assert.Null(SharedTensors.TryOpen(path, [.. ours.Key, 0], shape, 1));
        Assert.True(File.Exists(path));
    }

    [Fact]
    public void Create_TwoFiles_HaveOtherKeys()
    {
        using SharedTensors one = SharedTensors.Create(NewPath(), shape, slots: 1);
        using SharedTensors other = SharedTensors.Create(NewPath(), shape, slots: 1);
        Assert.NotEqual(one.Key, other.Key);
    }

    [Theory]
    [InlineData("5-4-3", 2)] // one slot more than the file has
    [InlineData("5-4-3", 0)]
    [InlineData("5-4-3", int.MaxValue)]
    [InlineData("5-4-4", 1)]
    public void TryOpen_AnotherShapeOrNumberOfSlots_IsNull(string layers, int slots)
    {
        string path = NewPath();
        using SharedTensors ours = SharedTensors.Create(path, shape, slots: 1);
        Assert.Null(SharedTensors.TryOpen(path, ours.Key, NetworkShape.Parse(layers), slots));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void TryOpen_FileOfAnotherLength_IsNull(int difference)
    {
        string path = NewPath();
        using SharedTensors ours = SharedTensors.Create(path, shape, slots: 1);
        byte[] bytes = ReadShared(path);
        string other = Path.Combine(directory.Path, "other");
        File.WriteAllBytes(other, difference < 0 ? bytes[..^1] : [.. bytes, 0]);
        Assert.Null(SharedTensors.TryOpen(other, ours.Key, shape, 1));
    }

    [Fact]
    public void TryOpen_NoSuchFile_IsNull()
    {
        byte[] key = new byte[SharedTensors.KeyLength];
        foreach (string path in (string[])[Path.Combine(directory.Path, "none"), Path.Combine(directory.Path, "no", "file"), directory.Path, "", "\0", "/dev/null", "/dev/tty"])
            Assert.Null(SharedTensors.TryOpen(path, key, shape, 1));
    }

    [Fact]
    public void Unlink_BothHaveMapped_TheNameIsGoneAndTheMemoryStays()
    {
        string path = NewPath();
        using SharedTensors ours = SharedTensors.Create(path, shape, slots: 1);
        using SharedTensors theirs = Open(ours, path);
        ours.Unlink();
        Assert.False(File.Exists(path));
        ours.Unlink();

        Parameters sent = RandomParameters(shape, 5);
        Assert.True(ours.TryWriteWeights(sent));
        var received = new Parameters(shape);
        theirs.ReadWeights(received);
        Assert.Equal(sent.ComputeSha256(), received.ComputeSha256());
    }

    [Fact]
    public void Dispose_NotUnlinked_TakesTheNameAway()
    {
        string path = NewPath();
        SharedTensors ours = SharedTensors.Create(path, shape, slots: 1);
        SharedTensors theirs = Open(ours, path);
        theirs.Unlink();
        theirs.Dispose();
        Assert.True(File.Exists(path));
        ours.Dispose();
        ours.Dispose();
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Use_AfterDispose_IsRefused()
    {
        SharedTensors shared = SharedTensors.Create(NewPath(), shape, slots: 1);
        shared.Dispose();
        Parameters value = RandomParameters(shape, 0);
        Assert.False(shared.TryWriteWeights(value));
        Assert.Throws<ObjectDisposedException>(() => shared.ReadWeights(value));
        Assert.Throws<ObjectDisposedException>(() => shared.ReadValue(0, value.Layers));
        Assert.Throws<ObjectDisposedException>(() => shared.WriteLayer(0, value.Layers, 0, value.Layers[0]));
    }

    /// <summary>Memory unmapped under a writer would end the process.</summary>
    [Fact]
    public async Task Dispose_WhileWeightsAreWritten_EndsInOrder()
    {
        NetworkShape large = NetworkShape.Parse("1000-1000");
        Parameters weights = RandomParameters(large, 0);
        for (int i = 0; i < 30; i++)
        {
            using SharedTensors shared = SharedTensors.Create(NewPath(), large, slots: 1);
            using var begun = new ManualResetEventSlim();
            Task writing = Task.Run(
                () =>
                {
                    while (shared.TryWriteWeights(weights))
                        begun.Set();
                },
                TestContext.Current.CancellationToken);
            begun.Wait(TestContext.Current.CancellationToken);
            shared.Dispose();
            await writing;
        }
    }

    private static SharedTensors Open(SharedTensors ours, string path)
    {
        SharedTensors? theirs = SharedTensors.TryOpen(path, ours.Key, shape, ours.Slots);
        Assert.NotNull(theirs);
        Assert.Equal(ours.Slots, theirs.Slots);
        return theirs;
    }

    private SharedTensors Open(SharedTensors ours) => Open(ours, directory.Entries().Single());

    private static byte[] ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static byte[] Bytes(Parameters parameters) =>
        [.. parameters.Layers.SelectMany(layer => layer.Weights.Values.Concat(layer.Biases.Values)).SelectMany(BitConverter.GetBytes)];

    private static Parameters RandomParameters(NetworkShape shape, int seed)
    {
        var random = new RandomSource(seed: 8, stream: (ulong)seed);
        var parameters = new Parameters(shape);
        foreach (float[] values in parameters.Layers.SelectMany(layer => new[] { layer.Weights.Values, layer.Biases.Values }))
        {
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)random.NextDouble();
        }

        return parameters;
    }

    private string NewPath() => Path.Combine(directory.Path, $"{Guid.NewGuid():N}");
}
