using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Resume;

/// <summary><c>train --or-resume</c>: the same words begin a run, go on with it, and tell its verdict once it is complete.</summary>
public sealed class OrResumeTests : IDisposable
{
    private const string What = "--epochs 60 --seed 7 --learning-rate 0.5 --checkpoint-every 100 ";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Train_SameWordsAgainAndAgain_BeginsGoesOnAfterKillAndTellsTheVerdict()
    {
        RunVerdict expected = await CoordinatorProcess.CompleteAsync(directory, What + "--in-process", "whole");
        string again = $"{What}--workers 1 --or-resume --trace {Path.Combine(directory.Path, "trace.json")}";
        await using (CoordinatorProcess first = CoordinatorProcess.Start(directory, again))
        {
            await UntilCheckpointAsync(first);
            await first.KillAsync();
            Assert.DoesNotContain("going on from step", first.Program.Errors, StringComparison.Ordinal);
        }

        await using CoordinatorProcess second = CoordinatorProcess.Start(directory, again);
        RunVerdict verdict = await second.CompletedAsync();
        Assert.Equal(expected.WeightsSha256, verdict.WeightsSha256);
        Assert.InRange(verdict.Json.GetProperty("resumed_from_step").GetInt64(), 100, expected.Steps - 1);

        await using CoordinatorProcess third = CoordinatorProcess.Start(directory, again);
        Assert.Equal(verdict.Json.GetRawText(), (await third.CompletedAsync()).Json.GetRawText());
        Assert.Contains("the run is complete: nothing is left to train", third.Program.Errors, StringComparison.Ordinal);

        // Each start that trained has a trace of its own.
        Assert.Equal(["trace-2.json", "trace.json"], Directory.GetFiles(directory.Path, "trace*").Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Train_KilledBeforeTheFirstCheckpoint_BeginsAtStep0()
    {
        const string what = "--epochs 1 --seed 7 ";
        RunVerdict expected = await CoordinatorProcess.CompleteAsync(directory, what + "--in-process", "whole");
        await using (CoordinatorProcess first = CoordinatorProcess.Start(directory, what + "--workers 0 --or-resume"))
        {
            await first.AddressAsync();
            await first.KillAsync();
            Assert.Empty(first.Checkpoints());
        }

        await using CoordinatorProcess second = CoordinatorProcess.Start(directory, what + "--in-process --or-resume");
        Assert.Equal(expected.WeightsSha256, (await second.CompletedAsync()).WeightsSha256);
        Assert.Contains("no checkpoint yet: training begins at step 0", second.Program.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_Interrupted_NextLineIsAResume()
    {
        await using CoordinatorProcess first = CoordinatorProcess.Start(directory, What + "--workers 1 --or-resume");
        await first.ReachStepAsync(50);
        ProgramProcess.Signal(first.Program.Id, "TERM");
        Assert.Equal(143, await first.Program.ExitAsync());

        string next = (await first.Program.LineAsync("^next: .* -- (resume .+)$")).Groups[1].Value;
        Assert.DoesNotContain("--or-resume", next, StringComparison.Ordinal);
        await CoordinatorProcess.ResumedAsync(directory, "--in-process");
    }

    [Fact]
    public async Task Train_OptionsOfAnotherResult_AreListed()
    {
        await CoordinatorProcess.CompleteAsync(directory, "--epochs 1 --in-process");
        const string again = "train --or-resume --run-dir run --in-process --dashboard off";
        await Refusal.ExpectAsync(
            BuiltProgram.Coordinator, $"{again} --seed 2 --epochs 2",
            "--or-resume with --run-dir run: --epochs 2 where the run has 1; --seed 2 where the run has 1; give what the run has, or another --run-dir",
            directory);

        // Unlike resume: these words begin runs too, and what began this one is not silently another.
        await Refusal.ExpectAsync(
            BuiltProgram.Coordinator, again, "BACKPROP_SEED=2 where the run has 1|BACKPROP_LAYERS=64-20-10 where the run has 64-30-10",
            directory, [("BACKPROP_SEED", "2"), ("BACKPROP_LAYERS", "64-20-10")]);
        await Refusal.ExpectAsync(BuiltProgram.Coordinator, again, "--dataset none.csv", directory, [("BACKPROP_DATASET", "none.csv")]);

        // Without the option a directory with a run is still refused.
        await Refusal.ExpectAsync(
            BuiltProgram.Coordinator, "train --run-dir run --in-process --dashboard off", "run directory run is not empty", directory);
    }

    [Fact]
    public async Task Train_NoDirectoryOrOneOfOthers_IsRefused()
    {
        await Refusal.ExpectAsync(
            BuiltProgram.Coordinator, "--or-resume --in-process", "--or-resume needs --run-dir with it", directory);
        await Refusal.ExpectAsync(
            BuiltProgram.Coordinator, "resume none --or-resume", "Unknown option --or-resume", directory);

        // What a new file system brings along.
        Directory.CreateDirectory(Path.Combine(directory.Path, "volume", "lost+found"));
        await Refusal.ExpectAsync(
            BuiltProgram.Coordinator, "--or-resume --run-dir volume --in-process --dashboard off",
            "run directory volume is not empty", directory);
        await using CoordinatorProcess within = CoordinatorProcess.Start(directory, "--epochs 1 --in-process --or-resume", "volume/run");
        await within.CompletedAsync();
    }

    private static async Task UntilCheckpointAsync(CoordinatorProcess run)
    {
        using var limit = new CancellationTokenSource(ProgramProcess.Deadline);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (run.Checkpoints().Length == 0)
            await timer.WaitForNextTickAsync(limit.Token);
    }
}
