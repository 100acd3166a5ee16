using System.Text;
using Backprop.Cluster.Tests.Commands;
using Backprop.Coordinator.Reports;
using Backprop.Core;
using Backprop.Core.Formats;

namespace Backprop.Cluster.Tests.Reports;

/// <summary>What a checkpoint can have gone through between two sittings.</summary>
public enum CheckpointDamage
{
    Empty,
    CutOff,
    BitOfAWeightFlipped,
    StepChanged,
    HugeHeader,
    OtherShape,
    OtherType,
    OtherVersion,
    Model,
}

public sealed class CheckpointFilesTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(CheckpointDamage.Empty, "it has 0 bytes")]
    [InlineData(CheckpointDamage.CutOff, "bytes; ")]
    [InlineData(CheckpointDamage.BitOfAWeightFlipped, "checksum mismatch")]
    [InlineData(CheckpointDamage.StepChanged, "checksum mismatch")]
    [InlineData(CheckpointDamage.HugeHeader, "its header claims 9223372036854775807 bytes")]
    [InlineData(CheckpointDamage.OtherShape, "layers.0.weight has shape [4, 3]; [3, 4] fits")]
    [InlineData(CheckpointDamage.OtherType, "is of type 'F16'; F32 fits")]
    [InlineData(CheckpointDamage.OtherVersion, "has no format backprop-checkpoint/1")]
    [InlineData(CheckpointDamage.Model, "has no format backprop-checkpoint/1")]
    public void ReadNewest_Damaged_IsToldAndTheOneBeforeIsTaken(CheckpointDamage damage, string expected)
    {
        foreach (long step in (long[])[100, 200, 300])
            CheckpointFile.Write(PathOf(step), SampleRun.Checkpoint(step));
        Damage(PathOf(300), damage);

        long before = GC.GetAllocatedBytesForCurrentThread();
        (string Path, Checkpoint Checkpoint)? found = CheckpointFiles.ReadNewest(directory.Path, out IReadOnlyList<string> refused);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal((PathOf(200), 200), (found!.Value.Path, found.Value.Checkpoint.NextStep));
        string line = Assert.Single(refused);
        Assert.StartsWith($"WARNING: {PathOf(300)}", line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.EndsWith("; going on from step-000000200", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
        Assert.InRange(allocated, 0, 2 << 20);
    }

    [Fact]
    public void ReadNewest_NoneWhole_NamesEach()
    {
        directory.Write("step-000000300.safetensors", "");
        directory.Write("step-000000200.safetensors", "x");
        UserErrorException error = Assert.Throws<UserErrorException>(() => CheckpointFiles.ReadNewest(directory.Path, out _));
        Assert.StartsWith($"none of the 2 checkpoints in {directory.Path} is whole: {PathOf(300)} ", error.Message, StringComparison.Ordinal);
        Assert.Contains($"; {PathOf(200)} ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadNewest_OtherFilesOrNone_IsNoCheckpoint()
    {
        Assert.Null(CheckpointFiles.ReadNewest(directory.Path, out _));
        Assert.Null(CheckpointFiles.ReadNewest(Path.Combine(directory.Path, "none"), out _));
        foreach (string name in (string[])["step-1x.safetensors", "step-.safetensors", "step-000000001.safetensors.part", "notes.txt"])
            directory.Write(name, "mine");
        Assert.Null(CheckpointFiles.ReadNewest(directory.Path, out IReadOnlyList<string> refused));
        Assert.Empty(refused);
    }

    [Fact]
    public void ReadNewest_MoreThanNineDigits_TakesTheHighestStep()
    {
        foreach (long step in (long[])[999_999_999, 1_000_000_000])
            CheckpointFile.Write(PathOf(step), SampleRun.Checkpoint(step));
        Assert.Equal(1_000_000_000, CheckpointFiles.ReadNewest(directory.Path, out _)!.Value.Checkpoint.NextStep);
    }

    private static void Damage(string path, CheckpointDamage damage)
    {
        byte[] bytes = File.ReadAllBytes(path);
        switch (damage)
        {
            case CheckpointDamage.Empty:
                bytes = [];
                break;
            case CheckpointDamage.CutOff:
                bytes = bytes[..^40];
                break;
            case CheckpointDamage.BitOfAWeightFlipped:
                bytes[^1] ^= 1;
                break;
            case CheckpointDamage.StepChanged:
                bytes = Replaced(bytes, "\"next_step\":\"300\"", "\"next_step\":\"301\"");
                break;
            case CheckpointDamage.HugeHeader:
                BitConverter.GetBytes(long.MaxValue).CopyTo(bytes, 0);
                break;
            case CheckpointDamage.OtherShape:
                bytes = Replaced(bytes, "\"shape\":[3,4]", "\"shape\":[4,3]");
                break;
            case CheckpointDamage.OtherType:
                bytes = Replaced(bytes, "F32", "F16");
                break;
            case CheckpointDamage.OtherVersion:
                bytes = Replaced(bytes, "backprop-checkpoint/1", "backprop-checkpoint/2");
                break;
            case CheckpointDamage.Model:
                ModelFile.Write(path, SampleRun.Checkpoint(300).Parameters, new ModelMetadata("4-3-2", "sigmoid", "quadratic", "x", null));
                return;
        }

        File.WriteAllBytes(path, bytes);
    }

    private static byte[] Replaced(byte[] bytes, string from, string to)
    {
        // One byte a character, there and back.
        string text = Encoding.Latin1.GetString(bytes);
        Assert.Contains(from, text, StringComparison.Ordinal);
        return Encoding.Latin1.GetBytes(text.Replace(from, to, StringComparison.Ordinal));
    }

    private string PathOf(long step) => CheckpointFiles.PathOf(directory.Path, step);
}
