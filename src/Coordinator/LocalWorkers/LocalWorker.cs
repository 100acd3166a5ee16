using System.Diagnostics;
using Backprop.Serving;
using Backprop.Scheduling;
using Backprop.Core;

namespace Backprop.Coordinator.LocalWorkers;

/// <summary>
/// Keeps one local worker running: starts it, starts it again when it dies, and gives up when it dies again and again
/// before it could take part.
/// </summary>
internal sealed class LocalWorker(
    string name, LocalWorkerProgram program, EventQueue events, TimeProvider time) : IAsyncDisposable
{
    private const int FailuresAtMost = 5;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(1.5);

    private readonly CancellationTokenSource ending = new();
    private readonly Lock gate = new();
    private Process? process;
    private volatile string lastLine = "";
    private volatile int failures;
    private Task watching = Task.CompletedTask;

    public string Name => name;

    /// <summary>Starts the process and watches it from now on.</summary>
    /// <exception cref="UserErrorException">It cannot be started at all.</exception>
    public void Start() => watching = WatchAsync(TryStart()!);

    /// <summary>It took part: what failed before no longer counts.</summary>
    public void Answered() => failures = 0;

    /// <summary>Waits for it to end with the run; one that does not is killed.</summary>
    public async ValueTask DisposeAsync()
    {
        Process? last;
        lock (gate)
        {
            ending.Cancel();
            last = process;
        }

        if (last is not null)
            await EndAsync(last);
        await watching;
        last?.Dispose();
        ending.Dispose();
    }

    /// <returns>Null when the run has ended meanwhile.</returns>
    private Process? TryStart()
    {
        Process next;
        lock (gate)
        {
            if (ending.IsCancellationRequested)
                return null;
            process?.Dispose();
            process = null;
            process = next = program.Start(name);
        }

        next.OutputDataReceived += (_, line) => Remember(line.Data);
        next.ErrorDataReceived += (_, line) => Remember(line.Data);
        next.BeginOutputReadLine();
        next.BeginErrorReadLine();
        return next;
    }

    private async Task WatchAsync(Process running)
    {
        TimeSpan delay = FirstDelay;
        while (true)
        {
            await running.WaitForExitAsync();
            if (ending.IsCancellationRequested)
                return;
            if (running.ExitCode == 0)
            {
                GiveUp($"local worker {name} was asked to leave; it is not started again", failed: false);
                return;
            }

            if (++failures >= FailuresAtMost)
            {
                string why = lastLine.Length == 0 ? "" : $", its last line: {lastLine}";
                GiveUp($"local worker {name} ended {failures} times before it could take part; given up: exit code {running.ExitCode}{why}");
                return;
            }

            await Task.Delay(delay, time, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = failures == 1 ? FirstDelay : delay * 2;
            try
            {
                if (TryStart() is not { } next)
                    return;
                running = next;
            }
            catch (UserErrorException error)
            {
                GiveUp($"local worker {name} is given up: {error.Message}");
                return;
            }
        }
    }

    private void GiveUp(string reason, bool failed = true) =>
        events.Tell(new SchedulerEvent.WorkerGivenUp(name, reason, failed));

    /// <summary>The end of its standard input asks it to end.</summary>
    private async Task EndAsync(Process last)
    {
        using var limit = new CancellationTokenSource(EndLimit, time);
        try
        {
            last.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already.
        }

        try
        {
            await last.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Kill(last);
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
