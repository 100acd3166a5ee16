using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Core.Formats;
using Backprop.Protos;

namespace Backprop.Cluster.Tests.Resume;

/// <summary>What keeps a run from writing; it trains on, says so loudly, and what it wrote before stays.</summary>
public enum WriteFault
{
    DiskFull,
    DirectoryTaken,
}

/// <summary>Disks that fail a run, and checkpoints that are damaged between two sittings.</summary>
public sealed class DamagedDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(WriteFault.DiskFull)]
    [InlineData(WriteFault.DirectoryTaken)]
    public async Task Train_CannotWriteAnyMore_GoesOnSameWeights(WriteFault fault)
    {
        const ulong held = 45;
        // The runtime's own double mapping of code goes through a file, which the limit of a test would hit as well.
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, "--epochs 1 --workers 0 --checkpoint-every 10",
            environment: new Dictionary<string, string> { ["DOTNET_EnableWriteXorExecute"] = "0" });
        var gate = new StepGate(held);
        await using PlainWorker worker = await PlainWorker.JoinAsync((await coordinator.AddressAsync()).TrimEnd('/'), "plain");
        Task<RunEnded> training = worker.TrainAsync(beforeAnswer: gate.PassAsync);
        await gate.ReachedAsync(held);

        // Checkpoints are written beside the training.
        await coordinator.UntilCheckpointsAsync(20, 30, 40);
        Break(coordinator, fault);
        gate.Open(held);

        Assert.Equal("completed", (await training).Status);
        int exitCode = await coordinator.Program.ExitAsync();
        RunVerdict verdict = fault == WriteFault.DiskFull ? coordinator.Printed() : coordinator.Verdict();
        Assert.Equal((await Reference.OneEpochAsync(), 150), (verdict.WeightsSha256, verdict.Steps));
        Assert.Equal("completed", verdict.Status);

        // A disk that stays full is told of less and less often.
        Assert.Equal(
            [50, 60, 80, 120],
            Regex.Matches(coordinator.Program.Errors, @"^WARNING: no checkpoint at step (\d+): ", RegexOptions.Multiline).Select(told => int.Parse(told.Groups[1].Value, CultureInfo.InvariantCulture)));

        // The end does not fit on the full disk at all, which is no success; the other has the model.
        Assert.Equal(fault == WriteFault.DiskFull ? 1 : 0, exitCode);
        Assert.Equal(fault == WriteFault.DiskFull, coordinator.Program.Errors.Contains("error: its weights are on no disk: ", StringComparison.Ordinal));
        Assert.Contains(
            fault == WriteFault.DiskFull ? "-- resume " : "-- evaluate ",
            coordinator.Program.Errors.Split('\n').Last(line => line.StartsWith("next: ", StringComparison.Ordinal)), StringComparison.Ordinal);

        // The newest three of before are whole, without leftovers, and a resume gives the same again.
        Mend(coordinator, fault);
        Assert.Equal([20L, 30, 40], coordinator.Checkpoints().Select(path => CheckpointFile.Read(path).NextStep).Order());
        Assert.Equal(3, Directory.GetFiles(Path.Combine(coordinator.RunDirectory, "checkpoints")).Length);
        RunVerdict resumed = await CoordinatorProcess.ResumedAsync(directory, "--in-process");
        Assert.Equal(
            (verdict.WeightsSha256, 40L), (resumed.WeightsSha256, resumed.Json.GetProperty("resumed_from_step").GetInt64()));
    }

    [Fact]
    public async Task Resume_NewestCheckpointDamaged_TakesTheOneBeforeSameWeights()
    {
        RunVerdict expected = await CoordinatorProcess.CompleteAsync(directory, "--epochs 3 --checkpoint-every 100 --in-process");
        string checkpoints = Path.Combine(directory.Path, "run", "checkpoints");
        string newest = Path.Combine(checkpoints, "step-000000450.safetensors");
        byte[] bytes = File.ReadAllBytes(newest);
        bytes[^1] ^= 0x40;
        File.WriteAllBytes(newest, bytes);
        string cut = Path.Combine(checkpoints, "step-000000400.safetensors");
        File.WriteAllBytes(cut, File.ReadAllBytes(cut)[..1000]);

        await using CoordinatorProcess resumed = CoordinatorProcess.Resume(directory, "--in-process");
        RunVerdict verdict = await resumed.CompletedAsync();

        Assert.Equal(expected.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal(300, verdict.Json.GetProperty("resumed_from_step").GetInt64());
        await resumed.Program.LineAsync("^WARNING: .+step-000000450.safetensors: checksum mismatch.*; going on from step-000000300$");
        await resumed.Program.LineAsync("^WARNING: .+step-000000400.safetensors .+checksum mismatch.*; going on from step-000000300$");
        Assert.Equal([300L, 400, 450], resumed.Checkpoints().Select(path => CheckpointFile.Read(path).NextStep).Order());
    }

    [Fact]
    public async Task Resume_NoCheckpointWhole_IsRefusedNamingEach()
    {
        await CoordinatorProcess.CompleteAsync(directory, "--epochs 1 --checkpoint-every 75 --in-process");
        foreach (string path in Directory.GetFiles(Path.Combine(directory.Path, "run", "checkpoints")))
            File.WriteAllText(path, "gone");
        await Refusal.ExpectAsync(
            BuiltProgram.Coordinator, "resume run",
            "none of the 2 checkpoints in |is whole|step-000000075.safetensors|step-000000150.safetensors|delete them", directory);
    }

    // Nothing waits for a pipe's other end, and no file of the run is needed to go on but a checkpoint and its configuration.
    [Fact]
    public async Task Resume_NamedPipesInPlaceOfFiles_GoesOnSameWeights()
    {
        string run = await BegunRunAsync();
        foreach (string name in new[] { "ledger.jsonl", "metrics.jsonl", "events.jsonl", "summary.json", ".lock-owner" })
            await NamedPipe.TakePlaceOfAsync(Path.Combine(run, name));

        RunVerdict verdict = await CoordinatorProcess.ResumedAsync(directory, "--in-process");
        Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
    }

    [Fact]
    public async Task Resume_CheckpointsAreGone_SaysWhatIsLost()
    {
        string run = await BegunRunAsync();
        Directory.Delete(Path.Combine(run, "checkpoints"), recursive: true);
        await using CoordinatorProcess resumed = CoordinatorProcess.Resume(directory, "--in-process");

        await resumed.Program.LineAsync("^WARNING: ledger.jsonl tells of 150 steps, and no checkpoint is there any more: training begins again at step 0$");
        Assert.Equal(await Reference.OneEpochAsync(), (await resumed.CompletedAsync()).WeightsSha256);
    }

    [Fact]
    public async Task Resume_NewestCheckpointIsADirectory_IsTold()
    {
        string run = await BegunRunAsync();
        Directory.CreateDirectory(Path.Combine(run, "checkpoints", "step-000000120.safetensors"));
        await using CoordinatorProcess resumed = CoordinatorProcess.Resume(directory, "--in-process");

        await resumed.Program.LineAsync("^WARNING: .*step-000000120.safetensors cannot be read: .*; going on from step-000000100$");
        Assert.Equal(await Reference.OneEpochAsync(), (await resumed.CompletedAsync()).WeightsSha256);
    }

    /// <summary>A run of one epoch of which 100 of 150 steps are done.</summary>
    private async Task<string> BegunRunAsync()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --checkpoint-every 50 --in-process");
        await coordinator.CompletedAsync();
        File.Delete(coordinator.Checkpoints().Max(StringComparer.Ordinal)!);
        return coordinator.RunDirectory;
    }

    private static void Break(CoordinatorProcess coordinator, WriteFault fault)
    {
        string checkpoints = Path.Combine(coordinator.RunDirectory, "checkpoints");
        if (fault == WriteFault.DiskFull)
        {
            // Half of a checkpoint is taken, then no byte more, as a full disk does it.
            using Process limit = Process.Start("prlimit", ["--pid", $"{coordinator.Program.Id}", "--fsize=5000"]);
            limit.WaitForExit();
            Assert.Equal(0, limit.ExitCode);
            return;
        }

        Directory.Move(checkpoints, checkpoints + "-before");
        File.WriteAllText(checkpoints, "in the way");
    }

    private static void Mend(CoordinatorProcess coordinator, WriteFault fault)
    {
        string checkpoints = Path.Combine(coordinator.RunDirectory, "checkpoints");
        if (fault == WriteFault.DiskFull)
            return;
        File.Delete(checkpoints);
        Directory.Move(checkpoints + "-before", checkpoints);
    }
}
