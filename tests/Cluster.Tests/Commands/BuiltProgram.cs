using System.Diagnostics;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Commands;

/// <summary>What a program that has ended left behind.</summary>
public sealed record ProgramResult(int ExitCode, string Output, string Error)
{
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>A program of this build, run as a process of its own with a deadline.</summary>
public static class BuiltProgram
{
    public static string Coordinator { get; } = Locate("Coordinator");

    public static string Worker { get; } = Locate("Worker");

    /// <param name="program">Path of the program's dll.</param>
    /// <param name="directory">Its working directory.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="environment">Variables beside those of this process; of the latter no BACKPROP_ one is passed on.</param>
    /// <param name="input">Its standard input.</param>
    public static async Task<ProgramResult> RunAsync(
        string program, string directory, string[] arguments, (string Name, string Value)[]? environment = null,
        string input = "")
    {
        using var process = new Process { StartInfo = StartInfo(program, directory, arguments, environment ?? []) };
        process.Start();
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            timeout.CancelAfter(ProgramProcess.Deadline);
            Task<string> output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(timeout.Token);
            await WriteInputAsync(process, input);
            await process.WaitForExitAsync(timeout.Token);
            return new ProgramResult(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static ProcessStartInfo StartInfo(
        string program, string directory, string[] arguments, (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("BACKPROP_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        Compilation.InTiers(start);
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return start;
    }

    private static async Task WriteInputAsync(Process process, string input)
    {
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all of it.
        }
    }

    /// <summary>artifacts/bin/PROJECT/CONFIGURATION/, as this test's own folder is.</summary>
    private static string Locate(string project)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(here.Parent!.Parent!.FullName, project, here.Name, $"Backprop.{project}.dll");
    }
}
