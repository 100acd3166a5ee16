using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Backprop.Bench;

namespace Backprop.Scale.Check;

/// <summary>One of the two programs, built beside this one, as a process of its own; its lines are kept.</summary>
internal sealed class RunProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder lines = new();
    private readonly Lock gate = new();
    private readonly SemaphoreSlim changed = new(0);

    private RunProcess(Process process) => this.process = process;

    private string Lines
    {
        get
        {
            lock (gate)
                return lines.ToString();
        }
    }

    /// <param name="program">Coordinator or Worker.</param>
    /// <param name="within">A program with its options that runs it in other surroundings.</param>
    public static RunProcess Start(string program, IReadOnlyList<string> within, IReadOnlyList<string> arguments)
    {
        string[] command = [.. within, .. CommandOf(program), .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        var run = new RunProcess(new Process { StartInfo = start });
        run.process.OutputDataReceived += (_, line) => run.Keep(line.Data);
        run.process.ErrorDataReceived += (_, line) => run.Keep(line.Data);
        run.process.Start();
        run.process.BeginOutputReadLine();
        run.process.BeginErrorReadLine();
        return run;
    }

    /// <summary>What runs a program that is built beside this one.</summary>
    public static string[] CommandOf(string program) => ["dotnet", BuiltProgram.PathOf(program)];

    /// <summary>Waits for something in its output.</summary>
    public async Task<Match> FindAsync(string pattern, CancellationToken cancellation)
    {
        while (true)
        {
            bool hasEnded = process.HasExited;
            if (hasEnded)
                await process.WaitForExitAsync(cancellation);
            if (Regex.Match(Lines, pattern, RegexOptions.Multiline) is { Success: true } match)
                return match;
            if (hasEnded)
                throw new ScaleException($"A program ended without '{pattern}': {Lines}");
            await changed.WaitAsync(TimeSpan.FromSeconds(1), cancellation);
        }
    }

    public bool HasSaid(string pattern) => Regex.IsMatch(Lines, pattern, RegexOptions.Multiline);

    /// <exception cref="ScaleException">It did not end with 0.</exception>
    public async Task<string> EndAsync(CancellationToken cancellation)
    {
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode == 0 ? Lines : throw new ScaleException($"A program ended with {process.ExitCode}: {Lines}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        changed.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (gate)
            lines.AppendLine(line);
        changed.Release();
    }
}
