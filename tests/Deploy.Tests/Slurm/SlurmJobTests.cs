using System.Text.Json;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Deploy.Tests.Slurm;

/// <summary>Jobs of the real batch file on a real Slurm of two nodes.</summary>
public sealed class SlurmJobTests(SlurmCluster cluster) : IClassFixture<SlurmCluster>
{
    /// <summary>Some seconds over gRPC and TLS, so that the second epoch is far from the end.</summary>
    private static readonly string[] options = ["--epochs", "200", "--mini-batch", "50"];

    private const long StepCount = 200 * (1500 / 50);

    private static readonly Lazy<Task<string>> weightsInOneProcess = new(TrainInOneProcessAsync);

    /// <summary>Two jobs at once share both nodes, so their ports must not clash; each is requeued in the way that Slurm has for it.</summary>
    [Fact]
    public async Task Submit_RequeuedByOperatorAndByTimeLimit_BothGoOnToTheSameWeights()
    {
        SlurmJob first = await SlurmJob.SubmitAsync(cluster, options);
        SlurmJob second = await SlurmJob.SubmitAsync(cluster, options);
        await first.WaitForEpochsAsync(2);
        await cluster.SucceedAsync("scontrol", "requeue", first.Id);
        await second.WaitForEpochsAsync(2);
        // What Slurm sends to the batch file alone some time before the time limit.
        await cluster.SucceedAsync("scancel", "--batch", "--signal=USR1", second.Id);
        await first.WaitForEndAsync();
        await second.WaitForEndAsync();

        Assert.Contains("the time limit is near: the job is requeued and will go on", second.Output, StringComparison.Ordinal);
        Assert.Contains(
            $"a requeued job goes on by itself; otherwise the same sbatch command with BACKPROP_RUN_DIR={first.RunDirectory} goes on with the run",
            first.Output, StringComparison.Ordinal);
        await CheckAsync(first);
        await CheckAsync(second);
    }

    [Fact]
    public async Task Submit_WorkerKilled_StartsAgainToTheSameWeights()
    {
        SlurmJob job = await SlurmJob.SubmitAsync(cluster, options);
        await job.WaitForEpochsAsync(2);
        ProgramProcess.Signal(job.ProcessOfWorker("n2"), "KILL");
        await job.WaitForEndAsync();

        Assert.True(await job.FieldAsync("ExitCode") == "0:0", job.State());
        Assert.Contains("worker of task 1, life 1, ended by signal 9", job.Output, StringComparison.Ordinal);
        Assert.Equal(await weightsInOneProcess.Value, job.Summary.GetProperty("weights_sha256").GetString());
        JsonElement workers = job.Summary.GetProperty("workers");
        Assert.Equal((3, 1), (workers.GetProperty("joined").GetInt32(), workers.GetProperty("lost").GetInt32()));
    }

    /// <summary>A coordinator whose workers are gone would wait for them until the time limit, and cost the nodes.</summary>
    [Fact]
    public async Task Submit_WorkersFailForGood_JobFailsAndSaysHowToGoOn()
    {
        SlurmJob job = await SlurmJob.SubmitAsync(cluster, options, ("BACKPROP_TRANSPORT", "pigeons"));
        await job.WaitForEndAsync();

        Assert.True(await job.FieldAsync("ExitCode") == "1:0", job.State());
        Assert.Contains("BACKPROP_TRANSPORT=pigeons", job.Output, StringComparison.Ordinal);
        Assert.Contains($"the same sbatch command with BACKPROP_RUN_DIR={job.RunDirectory} goes on with it", job.Output, StringComparison.Ordinal);
        Assert.Equal("interrupted", job.Summary.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Submit_NoProgramsThere_JobFailsWithOneLine()
    {
        SlurmJob job = await SlurmJob.SubmitAsync(cluster, options, ("BACKPROP_HOME", "/nowhere"));
        await job.WaitForEndAsync();

        Assert.True(await job.FieldAsync("ExitCode") == "2:0", job.State());
        Assert.Equal(
            "backprop.sbatch: BACKPROP_HOME=/nowhere has no program Backprop.Coordinator; it takes the directory that holds it, on every node",
            job.Output.TrimEnd());
    }

    /// <summary>It was requeued once, in the middle, and both nodes had their part in the weights.</summary>
    private static async Task CheckAsync(SlurmJob job)
    {
        Assert.True(await job.FieldAsync("JobState") == "COMPLETED" && await job.FieldAsync("ExitCode") == "0:0", job.State());
        Assert.Equal("1", await job.FieldAsync("Restarts"));
        JsonElement summary = job.Summary;
        Assert.Equal("completed", summary.GetProperty("status").GetString());
        Assert.Equal(await weightsInOneProcess.Value, summary.GetProperty("weights_sha256").GetString());
        Assert.True(summary.TryGetProperty("resumed_from_step", out JsonElement step), $"The run was not resumed.\n{job.State()}");
        Assert.InRange(step.GetInt64(), 1, StepCount - 1);
        Assert.Equal(2, summary.GetProperty("workers").GetProperty("joined").GetInt32());
        string verdict = await Command.SucceedAsync(Installation.Coordinator, ["verify", job.RunDirectory]);
        Assert.Matches(@"(?m)^n1\.0: [1-9]", verdict);
        Assert.Matches(@"(?m)^n2\.0: [1-9]", verdict);
        Assert.False(Directory.Exists(job.KeysDirectory), $"{job.KeysDirectory} is left.");
    }

    private static async Task<string> TrainInOneProcessAsync()
    {
        using var directory = new TemporaryDirectory();
        string run = Path.Combine(directory.Path, "run");
        await Command.SucceedAsync(Installation.Coordinator, ["train", "--in-process", "--dashboard", "off", "--run-dir", run, .. options]);
        return Verdict.WeightsOf(run)!;
    }
}
