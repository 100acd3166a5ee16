using Backprop.Cluster.Tests.Commands;
using Backprop.Coordinator.Reports;
using Backprop.Core.Formats;
using Microsoft.Extensions.Time.Testing;

namespace Backprop.Cluster.Tests.Reports;

public sealed class CheckpointWriterTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly FakeTimeProvider time = new();
    private readonly List<string> notices = [];

    private string Checkpoints => Path.Combine(directory.Path, "checkpoints");

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Save_FiveTimes_KeepsTheNewestThree()
    {
        var writer = new CheckpointWriter(Checkpoints, time);
        foreach (long step in (long[])[1, 9, 10, 900, 1_200])
            writer.Save(SampleRun.Checkpoint(step), notices.Add);
        await writer.FinishAsync();

        Assert.Equal(["step-000000010.safetensors", "step-000000900.safetensors", "step-000001200.safetensors"], Names());
        Assert.Equal(5, writer.WrittenCount);
        Assert.Equal(Path.Combine(Checkpoints, "step-000001200.safetensors"), writer.Newest);
        Assert.Equal(1_200, CheckpointFile.Read(writer.Newest!).NextStep);
        Assert.Empty(notices);
    }

    /// <summary>In the order of text 1000000000 stands before 999999999.</summary>
    [Fact]
    public async Task Save_StepsOutgrowNineDigits_KeepsTheNewestThree()
    {
        var writer = new CheckpointWriter(Checkpoints, time);
        foreach (long step in (long[])[999_999_997, 999_999_998, 999_999_999, 1_000_000_000, 1_000_000_001])
            writer.Save(SampleRun.Checkpoint(step), notices.Add);
        await writer.FinishAsync();
        Assert.Equal(["step-1000000000.safetensors", "step-1000000001.safetensors", "step-999999999.safetensors"], Names());
    }

    [Fact]
    public void Rehearse_WhateverIsThere_LeavesItAndNothingOfItsOwn()
    {
        string mine = Directory.CreateDirectory(Path.Combine(directory.Path, "rehearsal")).FullName;
        File.WriteAllText(Path.Combine(mine, "notes.txt"), "mine");
        new CheckpointWriter(Checkpoints, time).Rehearse(SampleRun.Checkpoint(7));
        Assert.Equal([mine, Path.Combine(mine, "notes.txt")], directory.Entries());
    }

    [Fact]
    public void SweepRehearsals_OfAKilledCoordinator_AreGoneAndNothingElse()
    {
        string mine = Directory.CreateDirectory(Path.Combine(directory.Path, ".rehearsal-mine")).FullName;
        string left = Directory.CreateDirectory(Path.Combine(directory.Path, $".rehearsal-{Guid.NewGuid():N}")).FullName;
        File.WriteAllText(Path.Combine(left, "step-000000000.safetensors.part"), "half");
        CheckpointWriter.SweepRehearsals(directory.Path);
        Assert.Equal([mine], directory.Entries());
    }

    [Fact]
    public async Task Save_OtherFilesBeside_AreLeft()
    {
        Directory.CreateDirectory(Checkpoints);
        File.WriteAllText(Path.Combine(Checkpoints, "notes.txt"), "mine");
        var writer = new CheckpointWriter(Checkpoints, time);
        for (int step = 1; step <= 5; step++)
            writer.Save(SampleRun.Checkpoint(step), notices.Add);
        await writer.FinishAsync();
        Assert.Equal(4, Names().Length);
        Assert.Contains("notes.txt", Names());
    }

    [Fact]
    public async Task Save_DirectoryCannotBeWritten_WarnsAndGoesOn()
    {
        // A file in its place refuses everybody, the superuser too.
        File.WriteAllText(Checkpoints, "in the way");
        var writer = new CheckpointWriter(Checkpoints, time);
        writer.Save(SampleRun.Checkpoint(10), notices.Add);
        writer.Save(SampleRun.Checkpoint(20), notices.Add);
        await writer.FinishAsync();

        Assert.Equal(2, notices.Count);
        Assert.StartsWith("WARNING: no checkpoint at step 10: ", notices[0], StringComparison.Ordinal);
        Assert.EndsWith("; training goes on", notices[0], StringComparison.Ordinal);
        Assert.Contains("step 20", notices[1], StringComparison.Ordinal);
        Assert.All(notices, line => Assert.DoesNotContain('\n', line));
        Assert.Equal((0, null), (writer.WrittenCount, writer.Newest));

        File.Delete(Checkpoints);
        writer.Save(SampleRun.Checkpoint(30), notices.Add);
        await writer.FinishAsync();
        Assert.Equal(["step-000000030.safetensors"], Names());
        Assert.Equal("checkpoints are written again, from step 30 on, after 2 that could not be", Assert.Single(notices.Skip(2)));
    }

    [Fact]
    public async Task Save_OneFails_LeavesTheOnesBeforeAndNoOtherFile()
    {
        var writer = new CheckpointWriter(Checkpoints, time);
        writer.Save(SampleRun.Checkpoint(10), notices.Add);
        await writer.FinishAsync();
        Directory.CreateDirectory(Path.Combine(Checkpoints, "step-000000020.safetensors", "full"));
        writer.Save(SampleRun.Checkpoint(20), notices.Add);
        await writer.FinishAsync();

        Assert.StartsWith("WARNING: no checkpoint at step 20: ", Assert.Single(notices), StringComparison.Ordinal);
        Assert.Equal(["step-000000010.safetensors"], Names());
        Assert.Equal(10, CheckpointFile.Read(writer.Newest!).NextStep);
    }

    [Fact]
    public async Task Save_OldOneCannotBeDeleted_IsToldOfTheOldOneAlone()
    {
        var writer = new CheckpointWriter(Checkpoints, time, delete: _ => throw new UnauthorizedAccessException("not yours"));
        foreach (long step in (long[])[1, 2, 3, 4])
            writer.Save(SampleRun.Checkpoint(step), notices.Add);
        await writer.FinishAsync();

        string old = Path.Combine(Checkpoints, "step-000000001.safetensors");
        Assert.Equal([$"WARNING: the old checkpoint {old} could not be deleted: not yours; training goes on"], notices);
        Assert.Equal((4, Path.Combine(Checkpoints, "step-000000004.safetensors")), (writer.WrittenCount, writer.Newest));
    }

    /// <summary>What takes 10 ms may be done every two seconds.</summary>
    [Fact]
    public async Task IsAffordable_WritingTookLong_OnlyOnceTrainingWentOnTwoHundredTimesAsLong()
    {
        var writer = new CheckpointWriter(Checkpoints, time, delete: _ => time.Advance(TimeSpan.FromMilliseconds(10)));
        Assert.True(writer.IsAffordable);
        foreach (long step in (long[])[1, 2, 3, 4])
            writer.Save(SampleRun.Checkpoint(step), notices.Add);
        await writer.FinishAsync();

        Assert.False(writer.IsAffordable);
        time.Advance(TimeSpan.FromMilliseconds(1999));
        Assert.False(writer.IsAffordable);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(writer.IsAffordable);
    }

    /// <summary>A disk that stood still for 10 s once is no reason to save nothing for half an hour.</summary>
    [Fact]
    public async Task IsAffordable_DiskStoodStillOnce_AgainAfterHalfAMinute()
    {
        var writer = new CheckpointWriter(Checkpoints, time, delete: _ => time.Advance(TimeSpan.FromSeconds(10)));
        foreach (long step in (long[])[1, 2, 3, 4])
            writer.Save(SampleRun.Checkpoint(step), notices.Add);
        await writer.FinishAsync();

        time.Advance(TimeSpan.FromSeconds(29.9));
        Assert.False(writer.IsAffordable);
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(writer.IsAffordable);
    }

    /// <summary>A resume that refused them goes on from an earlier one, and must not lose that and the next ones to them.</summary>
    [Fact]
    public async Task Save_DamagedOnesOfLaterStepsBeside_KeepsThreeOfItsOwn()
    {
        Directory.CreateDirectory(Checkpoints);
        foreach (int step in (int[])[700, 800, 900])
            File.WriteAllText(Path.Combine(Checkpoints, $"step-{step:D9}.safetensors"), "damaged");
        var writer = new CheckpointWriter(Checkpoints, time);
        foreach (long step in (long[])[100, 200, 300, 400])
            writer.Save(SampleRun.Checkpoint(step), notices.Add);
        await writer.FinishAsync();
        Assert.Equal([200L, 300, 400, 700, 800, 900], CheckpointFiles.NewestFirst(Checkpoints).Select(file => file.Step).Order());

        writer.Save(SampleRun.Checkpoint(900), notices.Add);
        await writer.FinishAsync();
        Assert.Equal([700L, 800, 900], CheckpointFiles.NewestFirst(Checkpoints).Select(file => file.Step).Order());
        Assert.Empty(notices);
    }

    private string[] Names() => [.. Directory.GetFiles(Checkpoints).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];
}
