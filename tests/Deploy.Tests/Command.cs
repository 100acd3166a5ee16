using System.Diagnostics;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Deploy.Tests;

/// <summary>A program of the machine that is run to its end.</summary>
/// <param name="Output">What it wrote to its standard output.</param>
/// <param name="Errors">What it wrote to its standard error.</param>
internal sealed record Command(int ExitCode, string Output, string Errors)
{
    /// <summary>Runs it and fails the test where it is absent, or does not end.</summary>
    public static async Task<Command> RunAsync(
        string file, IEnumerable<string> arguments, string? workingDirectory = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = workingDirectory ?? Checkout.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(ProgramProcess.Deadline);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new Command(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{file} did not end within {ProgramProcess.Deadline}.");
        }
    }

    /// <summary>As <see cref="RunAsync"/>, for what must succeed.</summary>
    /// <returns>Its standard output.</returns>
    public static async Task<string> SucceedAsync(
        string file, IEnumerable<string> arguments, string? workingDirectory = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        string[] given = [.. arguments];
        Command done = await RunAsync(file, given, workingDirectory, environment);
        Assert.True(done.ExitCode == 0, $"{file} {string.Join(' ', given)}: exit code {done.ExitCode}\n{done.Output}\n{done.Errors}");
        return done.Output;
    }
}
