using System.Diagnostics;

namespace Backprop.Scale.Check;

/// <summary>Programs that are waited for.</summary>
internal static class Command
{
    private static readonly TimeSpan limit = TimeSpan.FromMinutes(1);

    /// <exception cref="ScaleException">It does not end well.</exception>
    public static async Task RunAsync(IReadOnlyList<string> command)
    {
        if (await TryRunAsync(command) is { } problem)
            throw new ScaleException($"{string.Join(' ', command)}: {problem}");
    }

    /// <returns>What it said on standard error when it failed; null when it did not.</returns>
    public static async Task<string?> TryRunAsync(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Process.Start(start) ?? throw new ScaleException($"{command[0]} cannot be started.");
        using var deadline = new CancellationTokenSource(limit);
        Task<string> output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        try
        {
            string told = await process.StandardError.ReadToEndAsync(deadline.Token);
            await output;
            await process.WaitForExitAsync(deadline.Token);
            return process.ExitCode == 0 ? null : $"{told.Trim()} (exit code {process.ExitCode})";
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return $"no end within {limit}";
        }
    }
}
