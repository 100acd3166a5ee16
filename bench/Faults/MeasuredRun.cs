using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Backprop.Protos;
using Grpc.Net.Client;

namespace Backprop.Faults;

/// <summary>A training run as a user would start it, watched from outside.</summary>
internal sealed class MeasuredRun : IAsyncDisposable
{
    private const int StepsPerEpoch = 150;

    /// <summary>No wait here is so long unless something is wrong.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("backprop-faults-");
    private Process? process;
    private GrpcChannel? channel;
    private RunControl.RunControlClient? control;

    private MeasuredRun()
    {
    }

    public int Id => process!.Id;

    public string RunPath => RunDirectory("run");

    /// <summary>Starts it, and waits until all its workers take part.</summary>
    public static async Task<MeasuredRun> StartAsync(string options, int workers, CancellationToken cancellation)
    {
        var run = new MeasuredRun();
        await run.BeginAsync($"{options} --run-dir {run.RunPath}", cancellation);
        await run.WholeAsync(workers, cancellation);
        return run;
    }

    /// <summary>Kills the coordinator (-9); returns when its local workers have ended too.</summary>
    public async Task KillAsync(CancellationToken cancellation)
    {
        IEnumerable<int> workers = Workers().Values;
        process!.Kill();
        await process.WaitForExitAsync(cancellation);
        foreach (int worker in workers)
            await ProcessTable.ExitAsync(worker, cancellation).WaitAsync(Deadline, cancellation);
        process.Dispose();
        channel!.Dispose();
    }

    /// <summary>Starts the coordinator again; returns when workers can join.</summary>
    public Task ResumeAsync(string options, CancellationToken cancellation) => BeginAsync($"resume {RunPath} {options}", cancellation);

    /// <inheritdoc cref="ProcessTable.WorkersOf"/>
    public IReadOnlyDictionary<string, int> Workers() => ProcessTable.WorkersOf(Id);

    /// <summary>Waits until the status is so.</summary>
    public async Task<RunStatus> UntilAsync(Func<RunStatus, bool> isSo, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Deadline);
        while (true)
        {
            RunStatus status = await StatusAsync(limit.Token);
            if (isSo(status))
                return status;
            if (status.Phase == "ended")
                throw new MeasurementException("The run ended by itself.");
            await Task.Delay(Pause, limit.Token);
        }
    }

    public async Task<RunStatus> StatusAsync(CancellationToken cancellation) =>
        await control!.GetStatusAsync(new StatusRequest(), cancellationToken: cancellation);

    /// <summary>Waits until so many workers take part, and the run has gone on with them.</summary>
    public async Task WholeAsync(int workers, CancellationToken cancellation)
    {
        RunStatus whole = await UntilAsync(
            status => status.Workers.Count(worker => worker.Activity is "computing" or "idle") == workers, cancellation);
        await UntilAsync(status => status.Step > whole.Step + 100, cancellation);
    }

    /// <summary>
    /// The time until a step is committed that began after the fault: of the step that was running, the worker's values
    /// may have come already.
    /// </summary>
    /// <param name="fault">Done at the beginning of the time; when it returns it has taken effect.</param>
    public async Task<TimeSpan> UntilNextStepAsync(Func<Task> fault, CancellationToken cancellation)
    {
        long begin = Stopwatch.GetTimestamp();
        await fault();
        ulong running = (await StatusAsync(cancellation)).Step;
        await UntilAsync(status => status.Step > running + 1, cancellation);
        return Stopwatch.GetElapsedTime(begin);
    }

    /// <summary>Stops it, and compares its weights with those of as many steps in one process.</summary>
    /// <exception cref="MeasurementException">They differ, or examples were counted twice or never.</exception>
    public async Task<JsonElement> StopAsync(CancellationToken cancellation)
    {
        await control!.StopAsync(new StopRequest(), cancellationToken: cancellation);
        await process!.WaitForExitAsync(cancellation);
        JsonElement verdict = Summary("run");
        long steps = verdict.GetProperty("steps").GetInt64();
        long miniBatch = 10;
        if (verdict.GetProperty("examples").GetInt64() != steps * miniBatch)
            throw new MeasurementException($"{verdict.GetProperty("examples")} examples in {steps} steps of {miniBatch}.");
        string? weights = verdict.GetProperty("weights_sha256").GetString();
        string undisturbed = await UndisturbedAsync(steps, cancellation);
        return weights == undisturbed
            ? verdict
            : throw new MeasurementException($"After {steps} steps the weights are {weights}, without faults {undisturbed}.");
    }

    public async ValueTask DisposeAsync()
    {
        channel?.Dispose();
        if (process is not null)
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        directory.Delete(recursive: true);
    }

    private async Task BeginAsync(string options, CancellationToken cancellation)
    {
        var address = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        string last = "";
        process = CoordinatorProgram.Train($"{options} --listen 127.0.0.1:0", line =>
        {
            last = line.Length == 0 ? last : line;
            if (Regex.Match(line, @"more may join at (\S+)") is { Success: true } match)
                address.TrySetResult(match.Groups[1].Value);
        });
        if (await Task.WhenAny(address.Task, process.WaitForExitAsync(cancellation)).WaitAsync(Deadline, cancellation) != address.Task)
            throw new MeasurementException($"{options}: no run began: {last}");
        channel = GrpcChannel.ForAddress(await address.Task, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { UseProxy = false } });
        control = new RunControl.RunControlClient(channel);
    }

    private async Task<string> UndisturbedAsync(long steps, CancellationToken cancellation)
    {
        long epochs = (steps + StepsPerEpoch - 1) / StepsPerEpoch;
        await CoordinatorProgram.RunAsync(
            $"--in-process --epochs {epochs} --checkpoint-every {steps} --dashboard off --run-dir {RunDirectory("reference")}", cancellation);
        string path = Path.Combine(RunDirectory("reference"), "checkpoints", $"step-{steps:D9}.safetensors");
        return Core.Formats.CheckpointFile.Read(path).Parameters.ComputeSha256();
    }

    private string RunDirectory(string name) => Path.Combine(directory.FullName, name);

    private JsonElement Summary(string run) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(RunDirectory(run), "summary.json"))).RootElement;
}
