using System.Text.Json;
using Backprop.Cluster.Tests.Commands;
using Backprop.Protos;
using Grpc.Net.Client;

namespace Backprop.Cluster.Tests.Processes;

/// <summary>A training run as a real process: where its workers join, how far it is, and its verdict.</summary>
internal sealed class CoordinatorProcess : IAsyncDisposable
{
    private CoordinatorProcess(ProgramProcess program, string runDirectory)
    {
        Program = program;
        RunDirectory = runDirectory;
    }

    public ProgramProcess Program { get; }

    public string RunDirectory { get; }

    /// <summary>Starts a run that writes into a directory of the test's own, on any free port unless told which.</summary>
    /// <param name="options">As on the command line; no value holds a space.</param>
    /// <param name="run">The run directory's name.</param>
    /// <param name="environment">Variables beside those of the test.</param>
    /// <param name="within">A program with its options that runs it in other surroundings.</param>
    public static CoordinatorProcess Start(
        TemporaryDirectory directory, string options, string run = "run", IReadOnlyDictionary<string, string>? environment = null,
        IReadOnlyList<string>? within = null)
    {
        string runDirectory = Path.Combine(directory.Path, run);
        return Start(directory, runDirectory, [], [.. Words(options), "--run-dir", runDirectory], environment, within);
    }

    /// <summary>Goes on with a run of the test's directory.</summary>
    /// <inheritdoc cref="Start(TemporaryDirectory, string, string, IReadOnlyDictionary{string, string}, IReadOnlyList{string})"/>
    public static CoordinatorProcess Resume(TemporaryDirectory directory, string options = "", string run = "run")
    {
        string runDirectory = Path.Combine(directory.Path, run);
        return Start(directory, runDirectory, ["resume", runDirectory], Words(options));
    }

    /// <summary>Goes on with a run to its end, which must be a good one.</summary>
    public static async Task<RunVerdict> ResumedAsync(TemporaryDirectory directory, string options = "", string run = "run")
    {
        await using CoordinatorProcess coordinator = Resume(directory, options, run);
        return await coordinator.CompletedAsync();
    }

    /// <summary>Runs to the end, which must be a good one.</summary>
    public static async Task<RunVerdict> CompleteAsync(TemporaryDirectory directory, string options, string run = "run")
    {
        await using CoordinatorProcess coordinator = Start(directory, options, run);
        return await coordinator.CompletedAsync();
    }

    /// <summary>Starts a worker by hand that keeps its data in the test's directory.</summary>
    public static ProgramProcess StartWorker(
        TemporaryDirectory directory, string address, string name, params string[] options) =>
        StartWorker(directory, [], address, name, options);

    /// <param name="within">A program with its options that runs it in other surroundings.</param>
    public static ProgramProcess StartWorker(
        TemporaryDirectory directory, IReadOnlyList<string> within, string address, string name, params string[] options) =>
        ProgramProcess.Start(
            "Worker", directory.Path,
            [
                "--coordinator", address, "--name", name, "--threads", "1",
                "--data-dir", Path.Combine(directory.Path, "data"), .. options,
            ],
            within: within);

    /// <summary>Where workers join.</summary>
    public async Task<string> AddressAsync() => (await Program.LineAsync(@"more may join at (\S+)")).Groups[1].Value;

    /// <summary>Waits until the run has committed so many steps.</summary>
    public Task ReachStepAsync(ulong step) => UntilAsync(status => status.Step >= step);

    /// <summary>Waits until the run, as it is now, has committed some more steps.</summary>
    public async Task GoOnAsync()
    {
        ulong now = 0;
        await UntilAsync(status => (now = status.Step) > 0);
        await ReachStepAsync(now + 50);
    }

    /// <summary>Waits until the run's status is so, which must be before its end.</summary>
    public async Task UntilAsync(Func<RunStatus, bool> isSo)
    {
        using GrpcChannel channel = Channels.To(await AddressAsync());
        var control = new RunControl.RunControlClient(channel);
        using var limit = new CancellationTokenSource(ProgramProcess.Deadline);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        RunStatus status;
        do
        {
            await timer.WaitForNextTickAsync(limit.Token);
            status = await control.GetStatusAsync(new StatusRequest(), cancellationToken: limit.Token);
            Assert.NotEqual("ended", status.Phase);
        }
        while (!isSo(status));
    }

    /// <summary>Asks the run to end after the running step, and waits for that.</summary>
    public async Task<RunVerdict> StoppedAsync()
    {
        using (GrpcChannel channel = Channels.To(await AddressAsync()))
            await new RunControl.RunControlClient(channel).StopAsync(new StopRequest());
        await Program.ExitAsync();
        RunVerdict verdict = Verdict();
        Assert.Equal("interrupted", verdict.Status);
        return verdict;
    }

    /// <summary>Waits for the end: exit code 0, status completed.</summary>
    public async Task<RunVerdict> CompletedAsync()
    {
        int exitCode = await Program.ExitAsync();
        Assert.True(exitCode == 0, $"Exit code {exitCode}. The output:\n{Program.Output}\n{Program.Errors}");
        RunVerdict verdict = Verdict();
        Assert.Equal("completed", verdict.Status);
        return verdict;
    }

    /// <summary>summary.json, which must be what --json printed.</summary>
    public RunVerdict Verdict()
    {
        string text = File.ReadAllText(Path.Combine(RunDirectory, "summary.json"));
        Assert.Equal(text.Trim(), Program.Output.Trim());
        return new RunVerdict(JsonDocument.Parse(text).RootElement);
    }

    /// <summary>What --json printed.</summary>
    public RunVerdict Printed() => new(JsonDocument.Parse(Program.Output).RootElement);

    /// <summary>Waits until the checkpoints of these steps stand and no other any more: an old one goes after the new one is there.</summary>
    public Task UntilCheckpointsAsync(params long[] steps)
    {
        string[] names = [.. steps.Select(step => $"step-{step:D9}.safetensors")];
        return UntilCheckpointsAsync(files => files.Select(Path.GetFileName).Order(StringComparer.Ordinal).SequenceEqual(names));
    }

    /// <summary>Waits until there is a checkpoint.</summary>
    public Task UntilAnyCheckpointAsync() => UntilCheckpointsAsync(files => files.Length > 0);

    public string[] Checkpoints()
    {
        string path = Path.Combine(RunDirectory, "checkpoints");
        return Directory.Exists(path) ? Directory.GetFiles(path, "step-*.safetensors") : [];
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        Program.Kill();
        await Program.ExitAsync();
    }

    public ValueTask DisposeAsync() => Program.DisposeAsync();

    private async Task UntilCheckpointsAsync(Func<string[], bool> areThere)
    {
        using var limit = new CancellationTokenSource(ProgramProcess.Deadline);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!areThere(Checkpoints()))
            await timer.WaitForNextTickAsync(limit.Token);
    }

    private static CoordinatorProcess Start(
        TemporaryDirectory directory, string runDirectory, IReadOnlyList<string> command, IReadOnlyList<string> options,
        IReadOnlyDictionary<string, string>? environment = null, IReadOnlyList<string>? within = null)
    {
        List<string> arguments = [.. command, .. options, "--dashboard", "off", "--json"];
        if (!options.Contains("--in-process") && !options.Contains("--listen"))
            arguments.AddRange(["--listen", "127.0.0.1:0"]);
        return new CoordinatorProcess(
            ProgramProcess.Start("Coordinator", directory.Path, arguments, environment, within), runDirectory);
    }

    private static string[] Words(string options) => options.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
