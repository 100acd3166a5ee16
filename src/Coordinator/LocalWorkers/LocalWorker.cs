using System.Diagnostics;
using System.Threading.Channels;
using Backprop.Coordinator.Scheduling;

namespace Backprop.Coordinator.LocalWorkers;

/// <summary>
/// Keeps one local worker running: starts it, starts it again when it dies, and gives up when it dies again and again
/// before it could take part.
/// </summary>
internal sealed class LocalWorker(
    string name, LocalWorkerProgram program, ChannelWriter<RunEvent> inbox, TimeProvider time) : IAsyncDisposable
{
    private const int FailuresAtMost = 5;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource ending = new();
    private volatile Process? process;
    private volatile string lastLine = "";
    private volatile int failures;
    private Task watching = Task.CompletedTask;

    public string Name => name;

    /// <summary>Starts the process and watches it from now on.</summary>
    /// <exception cref="Core.UserErrorException">It cannot be started at all.</exception>
    public void Start() => watching = WatchAsync(StartProcess());

    /// <summary>It took part: what failed before no longer counts.</summary>
    public void BecameReady() => failures = 0;

    /// <summary>Waits for it to end with the run; one that does not is killed.</summary>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        if (process is { } last)
        {
            using var limit = new CancellationTokenSource(EndLimit, time);
            try
            {
                await last.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Kill(last);
            }
        }

        await watching;
        process?.Dispose();
        ending.Dispose();
    }

    private Process StartProcess()
    {
        Process started = program.Start(name);
        started.OutputDataReceived += (_, line) => Remember(line.Data);
        started.ErrorDataReceived += (_, line) => Remember(line.Data);
        started.BeginOutputReadLine();
        started.BeginErrorReadLine();
        return process = started;
    }

    private async Task WatchAsync(Process running)
    {
        TimeSpan delay = FirstDelay;
        while (true)
        {
            await running.WaitForExitAsync();
            if (ending.IsCancellationRequested || running.ExitCode == 0)
                return;
            if (++failures >= FailuresAtMost)
            {
                string why = lastLine.Length == 0 ? $"exit code {running.ExitCode}" : lastLine;
                inbox.TryWrite(new RunEvent(new SchedulerEvent.WorkersGivenUp(
                    1, $"local worker {name} ended {failures} times before it could take part; given up: {why}")));
                return;
            }

            await Task.Delay(delay, time, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ending.IsCancellationRequested)
                return;
            delay = failures == 1 ? FirstDelay : delay * 2;
            running.Dispose();
            running = StartProcess();
        }
    }

    private void Remember(string? line)
    {
        if (!string.IsNullOrWhiteSpace(line))
            lastLine = line.Trim();
    }

    private static void Kill(Process running)
    {
        try
        {
            running.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (error is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It ended by itself meanwhile.
        }
    }
}
