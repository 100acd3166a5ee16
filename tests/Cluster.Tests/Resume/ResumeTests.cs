using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Core.Formats;

namespace Backprop.Cluster.Tests.Resume;

/// <summary>
/// A run that was stopped goes on to what an uninterrupted one ends with: weights, losses, steps, metrics. The oracle is
/// the same training at a stretch, in one process.
/// </summary>
public sealed class ResumeTests : IDisposable
{
    // Everything that a resume has to bring along: momentum, a rate that changes between epochs, a last mini-batch of 28.
    private const string What =
        "--epochs 6 --mini-batch 64 --momentum 0.9 --l2 0.0001 --learning-rate 0.3 --schedule step:2:0.5 --seed 7 ";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    // Of 144 steps with a checkpoint at every so many the oldest of the three that are kept is this one: at an epoch's end,
    // in an epoch, one step before its end, near the run's end.
    [Theory]
    [InlineData(48, 48, "--in-process", "--workers 2")]
    [InlineData(48, 48, "--workers 2", "--in-process --threads 2")]
    [InlineData(55, 55, "--in-process", "--workers 3 --threads 2")]
    [InlineData(55, 55, "--workers 1", "--workers 2")]
    [InlineData(71, 71, "--workers 2", "--in-process")]
    [InlineData(1, 142, "--in-process", "--in-process")]
    public async Task Resume_FromAnyStepWithOtherWorkers_SameEnd(int every, int step, string before, string after)
    {
        (CoordinatorProcess whole, RunVerdict expected) = await WholeAsync();
        await using CoordinatorProcess first = CoordinatorProcess.Start(directory, What + $"--checkpoint-every {every} {before}");
        await first.CompletedAsync();
        GoBackTo(first, step);

        await using CoordinatorProcess resumed = CoordinatorProcess.Resume(directory, after);
        RunVerdict verdict = await resumed.CompletedAsync();

        Assert.Contains($"going on from step {step} of 144", resumed.Program.Errors, StringComparison.Ordinal);
        Assert.Equal(step, verdict.Json.GetProperty("resumed_from_step").GetInt64());
        AssertSame(expected, verdict);
        AssertSameMetrics(whole, resumed);
        Assert.Equal(
            expected.WeightsSha256, ModelFile.ReadParameters(Path.Combine(resumed.RunDirectory, "model.safetensors")).ComputeSha256());
    }

    [Theory]
    [InlineData("TERM", "--workers 2")]
    [InlineData("INT", "--workers 1")]
    public async Task Resume_AfterSignal_SameEnd(string signal, string workers)
    {
        const string longer = "--epochs 40 ";
        RunVerdict expected = await CoordinatorProcess.CompleteAsync(directory, longer + "--in-process", "whole");
        await using CoordinatorProcess first = CoordinatorProcess.Start(directory, longer + workers);
        await first.ReachStepAsync(200);
        ProgramProcess.Signal(first.Program.Id, signal);
        await first.Program.ExitAsync();
        RunVerdict stopped = first.Verdict();
        Assert.Equal("interrupted", stopped.Status);
        string next = (await first.Program.LineAsync("^next: dotnet run --project src/Coordinator -c Release -- (.+)$")).Groups[1].Value;
        Assert.StartsWith($"resume {first.RunDirectory} {workers} ", next, StringComparison.Ordinal);

        await using CoordinatorProcess resumed = CoordinatorProcess.Resume(directory);
        RunVerdict verdict = await resumed.CompletedAsync();
        Assert.Equal(stopped.Steps, verdict.Json.GetProperty("resumed_from_step").GetInt64());
        AssertSame(expected, verdict);
    }

    [Fact]
    public async Task Resume_CoordinatorKilled_WorkersRejoinSameEnd()
    {
        const string longer = "--epochs 60 --checkpoint-every 100 ";
        RunVerdict expected = await CoordinatorProcess.CompleteAsync(directory, longer + "--in-process", "whole");
        int port = UnassignedPort.Find();
        string address = $"http://127.0.0.1:{port}";
        string remote = $"--workers 0 --min-workers 2 --listen 127.0.0.1:{port}";
        await using CoordinatorProcess first = CoordinatorProcess.Start(directory, longer + remote);
        await using ProgramProcess one = CoordinatorProcess.StartWorker(directory, address, "one");
        await using ProgramProcess two = CoordinatorProcess.StartWorker(directory, address, "two");
        await first.ReachStepAsync(250);
        await first.KillAsync();
        await one.LineAsync("waiting for the coordinator at ");
        await two.LineAsync("waiting for the coordinator at ");

        await using CoordinatorProcess resumed = CoordinatorProcess.Resume(directory, remote);
        RunVerdict verdict = await resumed.CompletedAsync();

        AssertSame(expected, verdict);
        Assert.InRange(verdict.Json.GetProperty("resumed_from_step").GetInt64(), 200, expected.Steps - 1);
        Assert.Equal((2, 0), (verdict.Joined, verdict.Lost));
        Assert.Equal((0, 0), (await one.ExitAsync(), await two.ExitAsync()));
    }

    [Fact]
    public async Task Resume_KilledBeforeTheFirstCheckpoint_BeginsAtStep0()
    {
        (_, RunVerdict expected) = await WholeAsync();
        await using (CoordinatorProcess first = CoordinatorProcess.Start(directory, What + "--workers 0"))
        {
            await first.AddressAsync();
            await first.KillAsync();
            Assert.Empty(first.Checkpoints());
        }

        await using CoordinatorProcess resumed = CoordinatorProcess.Resume(directory, "--in-process");
        AssertSame(expected, await resumed.CompletedAsync());
        Assert.Contains("no checkpoint yet: training begins at step 0", resumed.Program.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_FinishedRun_TellsItsVerdictAgain()
    {
        RunVerdict expected = await CoordinatorProcess.CompleteAsync(directory, What + "--in-process");
        await using CoordinatorProcess again = CoordinatorProcess.Resume(directory);
        RunVerdict verdict = await again.CompletedAsync();
        Assert.Equal(expected.Json.GetRawText(), verdict.Json.GetRawText());
        Assert.Contains("the run is complete: nothing is left to train", again.Program.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_FinishedRunWithoutItsFiles_WritesThemAgain()
    {
        RunVerdict expected = await CoordinatorProcess.CompleteAsync(directory, What + "--in-process");
        foreach (string name in (string[])["summary.json", "model.safetensors", "training.png"])
            File.Delete(Path.Combine(directory.Path, "run", name));

        await using CoordinatorProcess again = CoordinatorProcess.Resume(directory);
        AssertSame(expected, await again.CompletedAsync());
        Assert.True(File.Exists(Path.Combine(again.RunDirectory, "training.png")));
        Assert.Equal(
            expected.WeightsSha256, ModelFile.ReadParameters(Path.Combine(again.RunDirectory, "model.safetensors")).ComputeSha256());
    }

    private async Task<(CoordinatorProcess Run, RunVerdict Verdict)> WholeAsync()
    {
        await using CoordinatorProcess whole = CoordinatorProcess.Start(directory, What + "--in-process --threads 1", "whole");
        return (whole, await whole.CompletedAsync());
    }

    /// <summary>Makes of a run's directory what a coordinator leaves that was killed after this step's checkpoint.</summary>
    private static void GoBackTo(CoordinatorProcess run, int step)
    {
        string kept = $"step-{step:D9}.safetensors";
        foreach (string path in run.Checkpoints().Where(path => Path.GetFileName(path) != kept))
            File.Delete(path);
        Assert.Single(run.Checkpoints());
        File.Delete(Path.Combine(run.RunDirectory, "summary.json"));
        File.Delete(Path.Combine(run.RunDirectory, "model.safetensors"));
    }

    private static void AssertSame(RunVerdict expected, RunVerdict verdict)
    {
        Assert.Equal(expected.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal((expected.Steps, expected.Examples), (verdict.Steps, verdict.Examples));
        foreach (string field in (string[])["training_loss", "test_loss", "test_accuracy"])
            Assert.Equal(expected.Json.GetProperty(field).GetDouble(), verdict.Json.GetProperty(field).GetDouble());
    }

    /// <summary>Line by line, but for times and workers.</summary>
    private static void AssertSameMetrics(CoordinatorProcess expected, CoordinatorProcess given)
    {
        static IEnumerable<string> Lines(CoordinatorProcess run) => File.ReadLines(Path.Combine(run.RunDirectory, "metrics.jsonl"))
            .Select(line => line[..line.IndexOf(",\"examples_per_second\"", StringComparison.Ordinal)]);
        Assert.Equal(Lines(expected), Lines(given));
    }
}
