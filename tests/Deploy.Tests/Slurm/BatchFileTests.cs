using Backprop.Cluster.Tests.Commands;

namespace Backprop.Deploy.Tests.Slurm;

/// <summary>What the batch file refuses before it starts anything: one line that says what would fit, and exit code 2.</summary>
public sealed class BatchFileTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Run_OutsideSlurm_SaysHowToSubmit() => await RefusesAsync(
        "this is no Slurm job; submit it: BACKPROP_HOME=DIRECTORY sbatch backprop.sbatch [options of train]", ("SLURM_JOB_ID", ""));

    [Fact]
    public async Task Run_WithoutHome_SaysWhatItTakes() => await RefusesAsync(
        "BACKPROP_HOME is not set; it takes the directory with Backprop.Coordinator and worker/Backprop.Worker, on every node",
        ("BACKPROP_HOME", ""));

    [Fact]
    public async Task Run_RunDirectoryAsOption_NamesTheVariable() => await RefusesAsync(
        "--run-dir=elsewhere: the run directory is BACKPROP_RUN_DIR here, for the job must find it again when it is requeued",
        [], "--epochs", "3", "--run-dir=elsewhere");

    [Fact]
    public async Task Run_InProcess_SaysWhatRunsIt() => await RefusesAsync(
        "--in-process trains without workers; run Backprop.Coordinator itself in a job for that", [], "--in-process");

    [Fact]
    public async Task Run_KeysThatAreNotThere_NamesTheFirst() => await RefusesAsync(
        "BACKPROP_KEYS=/nowhere has no readable ca.pem; to make it: Backprop.Coordinator certificates DIRECTORY HOST ...",
        ("BACKPROP_KEYS", "/nowhere"));

    private Task RefusesAsync(string line, (string Name, string Value) variable) => RefusesAsync(line, [variable]);

    private async Task RefusesAsync(string line, (string Name, string Value)[] changed, params string[] arguments)
    {
        var environment = new Dictionary<string, string>
        {
            ["SLURM_JOB_ID"] = "1",
            ["SLURM_JOB_NUM_NODES"] = "2",
            ["BACKPROP_HOME"] = Installation.Directory,
            ["BACKPROP_RUN_DIR"] = Path.Combine(directory.Path, "run"),
        };
        foreach ((string name, string value) in changed)
            environment[name] = value;
        Command refused = await Command.RunAsync("bash", [SlurmJob.BatchFile, .. arguments], directory.Path, environment);

        Assert.Equal($"backprop.sbatch: {line}\n", refused.Errors);
        Assert.Equal(2, refused.ExitCode);
        Assert.Equal("", refused.Output);
        Assert.Empty(directory.Entries());
    }
}
