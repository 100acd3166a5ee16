using System.Text.Json;
using System.Text.RegularExpressions;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Deploy.Tests.Slurm;

/// <summary>A job of the batch file that the project delivers, submitted with its defaults.</summary>
internal sealed record SlurmJob(SlurmCluster Cluster, string Id)
{
    public static readonly string BatchFile = Path.Combine(Checkout.Root, "deploy", "slurm", "backprop.sbatch");

    private static readonly string[] ends = ["COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY"];

    public string RunDirectory => Path.Combine(Cluster.SubmitDirectory, "runs", $"slurm-{Id}");

    public string KeysDirectory => $"{RunDirectory}.keys-{Id}";

    public string Output => File.Exists(OutputPath) ? File.ReadAllText(OutputPath) : "";

    public JsonElement Summary => Verdict.Of(RunDirectory);

    private string OutputPath => Path.Combine(Cluster.SubmitDirectory, $"backprop-{Id}.out");

    /// <param name="arguments">Of the batch file: options of train.</param>
    /// <param name="environment">Beside BACKPROP_HOME.</param>
    public static async Task<SlurmJob> SubmitAsync(SlurmCluster cluster, string[] arguments, params (string Name, string Value)[] environment)
    {
        var variables = new Dictionary<string, string>
        {
            ["BACKPROP_HOME"] = Installation.Directory,
            // Both nodes are this machine: without it they would share memory.
            ["BACKPROP_TRANSPORT"] = "grpc",
        };
        foreach ((string name, string value) in environment)
            variables[name] = value;
        Command sbatch = await cluster.RunAsync("sbatch", ["--parsable", BatchFile, .. arguments], variables);
        Assert.True(sbatch.ExitCode == 0, $"sbatch: exit code {sbatch.ExitCode}\n{sbatch.Errors}\n{cluster.Logs()}");
        return new SlurmJob(cluster, sbatch.Output.Trim());
    }

    public Task WaitForEpochsAsync(int count) => Wait.UntilAsync(
        $"job {Id} has trained {count} epochs",
        async () =>
        {
            string metrics = Path.Combine(RunDirectory, "metrics.jsonl");
            if (File.Exists(metrics) && File.ReadLines(metrics).Count() >= count)
                return true;
            string state = await FieldAsync("JobState");
            Assert.False(ends.Contains(state), $"Job {Id} ended before its epochs.\n{State()}");
            return false;
        },
        State);

    /// <summary>Waits until it has ended and will not start again, and starts what was requeued without Slurm's pause of two minutes.</summary>
    public Task WaitForEndAsync() => Wait.UntilAsync(
        $"job {Id} has ended",
        async () =>
        {
            string job = await ShowAsync();
            if (Field(job, "JobState") == "PENDING" && Field(job, "Reason") == "BeginTime")
                await Cluster.RunAsync("scontrol", ["update", $"JobId={Id}", "StartTime=now"]);
            return ends.Contains(Field(job, "JobState"));
        },
        State);

    /// <summary>A field such as ExitCode, as scontrol shows it.</summary>
    public async Task<string> FieldAsync(string name) => Field(await ShowAsync(), name);

    /// <summary>The worker that runs on a node.</summary>
    public int ProcessOfWorker(string node) => Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), out int id) ? id : 0)
        .Single(id => id != 0 && ProcessTable.CommandOf(id) is var command
            && command.StartsWith(Installation.Worker + '\0', StringComparison.Ordinal)
            && command.Contains($"\0{node}.0\0", StringComparison.Ordinal) && command.Contains(KeysDirectory, StringComparison.Ordinal));

    /// <summary>What a person would look at where it went wrong.</summary>
    public string State() => $"Output of job {Id}:\n{Output}\n{Cluster.Logs()}";

    private Task<string> ShowAsync() => Cluster.SucceedAsync("scontrol", "--oneliner", "show", "job", Id);

    private static string Field(string job, string name) => Regex.Match(job, $@"\b{name}=(\S*)").Groups[1].Value;
}
