using System.Diagnostics;
using Backprop.Bench;

namespace Backprop.Faults;

/// <summary>The coordinator's program, built beside this one, as processes of its own.</summary>
internal static class CoordinatorProgram
{
    /// <param name="options">Without those that every measured run has.</param>
    /// <param name="hear">Receives each line of its standard error.</param>
    public static Process Train(string options, Action<string>? hear = null) => Start($"{options} --dashboard off --json", hear);

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="MeasurementException">It did not end with 0.</exception>
    public static async Task RunAsync(string options, CancellationToken cancellation)
    {
        string last = "";
        using Process process = Start(options, line => last = line.Length == 0 ? last : line);
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }

        if (process.ExitCode != 0)
            throw new MeasurementException($"{options} ended with {process.ExitCode}: {last}");
    }

    private static Process Start(string options, Action<string>? hear)
    {
        var start = new ProcessStartInfo("dotnet", [BuiltProgram.PathOf("Coordinator"), .. options.Split(' ')])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => hear?.Invoke(line.Data ?? "");
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
