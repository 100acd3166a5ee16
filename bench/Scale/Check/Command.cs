using System.Diagnostics;

namespace Backprop.Scale.Check;

/// <summary>Programs that are waited for.</summary>
internal static class Command
{
    private static readonly TimeSpan limit = TimeSpan.FromMinutes(1);

    /// <returns>What it wrote.</returns>
    /// <exception cref="ScaleException">It does not end well.</exception>
    public static async Task<string> RunAsync(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Process.Start(start) ?? throw new ScaleException($"{command[0]} cannot be started.");
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            string told = await process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return process.ExitCode == 0
                ? await output
                : throw new ScaleException($"{string.Join(' ', command)} ended with {process.ExitCode}: {told.Trim()}");
        }
        catch (OperationCanceledException error)
        {
            process.Kill(entireProcessTree: true);
            throw new ScaleException($"{string.Join(' ', command)} did not end within {limit}.", error);
        }
    }
}
