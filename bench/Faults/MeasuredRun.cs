using System.Diagnostics;
using System.Globalization;
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
    private readonly Process process;
    private readonly TaskCompletionSource<string> address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GrpcChannel? channel;
    private RunControl.RunControlClient? control;

    private MeasuredRun(string options)
    {
        process = Start($"{options} --listen 127.0.0.1:0 --run-dir {RunDirectory("run")}", line =>
        {
            if (Regex.Match(line, @"more may join at (\S+)") is { Success: true } match)
                address.TrySetResult(match.Groups[1].Value);
        });
    }

    public int Id => process.Id;

    /// <summary>Starts it, and waits until all its workers take part.</summary>
    public static async Task<MeasuredRun> StartAsync(string options, int workers, CancellationToken cancellation)
    {
        var run = new MeasuredRun(options);
        string at = await run.address.Task.WaitAsync(Deadline, cancellation);
        run.channel = GrpcChannel.ForAddress(at, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { UseProxy = false } });
        run.control = new RunControl.RunControlClient(run.channel);
        await run.WholeAsync(workers, cancellation);
        return run;
    }

    /// <summary>The process of each local worker, by its name.</summary>
    public IReadOnlyDictionary<string, int> Workers() => Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out int id) ? id : 0)
        .Where(id => id > 0 && ParentOf(id) == Id)
        .Select(id => (Id: id, Name: Regex.Match(ReadText($"/proc/{id}/cmdline"), "--name\0([^\0]+)").Groups[1].Value))
        .Where(worker => worker.Name.Length > 0)
        .ToDictionary(worker => worker.Name, worker => worker.Id);

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
        await process.WaitForExitAsync(cancellation);
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

    public static async Task ExitAsync(int id, CancellationToken cancellation)
    {
        while (ReadText($"/proc/{id}/stat") is { Length: > 0 } text && text[text.LastIndexOf(')') + 2] is not ('Z' or 'X'))
            await Task.Delay(1, cancellation);
    }

    /// <summary>Waits until every thread of a process stands still.</summary>
    public static async Task FrozenAsync(int id, CancellationToken cancellation)
    {
        while (!Directory.EnumerateDirectories($"/proc/{id}/task").All(thread =>
            ReadText(thread + "/stat") is { Length: > 0 } text && text[text.LastIndexOf(')') + 2] == 'T'))
            await Task.Delay(1, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        channel?.Dispose();
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        directory.Delete(recursive: true);
    }

    private async Task<string> UndisturbedAsync(long steps, CancellationToken cancellation)
    {
        long epochs = (steps + StepsPerEpoch - 1) / StepsPerEpoch;
        using Process reference = Start(
            $"--in-process --epochs {epochs} --checkpoint-every {steps} --run-dir {RunDirectory("reference")}", _ => { });
        await reference.WaitForExitAsync(cancellation);
        string path = Path.Combine(RunDirectory("reference"), "checkpoints", $"step-{steps:D9}.safetensors");
        return Core.Formats.CheckpointFile.Read(path).Parameters.ComputeSha256();
    }

    private string RunDirectory(string name) => Path.Combine(directory.FullName, name);

    private JsonElement Summary(string run) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(RunDirectory(run), "summary.json"))).RootElement;

    private static Process Start(string options, Action<string> hear)
    {
        // artifacts/bin/Faults/CONFIGURATION, beside artifacts/bin/Coordinator/CONFIGURATION.
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string program = Path.Combine(here.Parent!.Parent!.FullName, "Coordinator", here.Name, "Backprop.Coordinator.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. options.Split(' '), "--dashboard", "off", "--json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => hear(line.Data ?? "");
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static int ParentOf(int id)
    {
        string text = ReadText($"/proc/{id}/stat");
        return text.Length == 0 ? 0 : int.Parse(text[(text.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
    }

    /// <returns>Nothing when the process is gone.</returns>
    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
