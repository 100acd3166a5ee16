using System.Diagnostics;
using Backprop.CommandLine;
using Backprop.Core;

namespace Backprop.Coordinator.LocalWorkers;

/// <summary>How the worker program, which stands beside the coordinator's in worker/, is started.</summary>
/// <param name="CoordinatorUrl">Where this machine's workers join.</param>
/// <param name="Threads">Threads each computes with.</param>
/// <param name="DataDirectory">The cache of data sets that it shares; null for the user's own.</param>
/// <param name="TokenFile">The file of the run's token; null where it has none.</param>
internal sealed record LocalWorkerProgram(string CoordinatorUrl, int Threads, string? DataDirectory, string? TokenFile)
{
    private const string FileName = "Backprop.Worker";

    /// <summary>
    /// Starts one. Its standard input is a pipe that nobody writes: it closes with this process, however this process
    /// ends, and the worker ends with it.
    /// </summary>
    /// <exception cref="UserErrorException">The program is not there, or cannot be started.</exception>
    public Process Start(string name)
    {
        var start = new ProcessStartInfo
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        SetProgram(start);
        Add(start, "--coordinator", CoordinatorUrl, "--name", name, "--threads", $"{Threads}", "--end-with-input");
        if (DataDirectory is not null)
            Add(start, "--data-dir", DataDirectory);
        if (TokenFile is not null)
            Add(start, "--token-file", TokenFile);

        // Answers are read where they arrive, without a change of thread.
        start.Environment["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1";
        start.Environment.Remove(ServiceNotifier.SocketVariable);
        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException("no process was made");
        }
        catch (Exception error) when (error is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            throw new UserErrorException($"The worker program {start.FileName} cannot be started: {error.Message}", error);
        }
    }

    private static void SetProgram(ProcessStartInfo start)
    {
        string directory = Path.Combine(AppContext.BaseDirectory, "worker");
        string native = Path.Combine(directory, OperatingSystem.IsWindows() ? FileName + ".exe" : FileName);
        string managed = Path.Combine(directory, FileName + ".dll");
        string? host = Environment.ProcessPath;
        if (host is not null && Path.GetFileNameWithoutExtension(host) == "dotnet" && File.Exists(managed))
        {
            start.FileName = host;
            start.ArgumentList.Add(managed);
        }
        else if (File.Exists(native))
        {
            start.FileName = native;
        }
        else
        {
            throw new UserErrorException(
                $"The worker program is not beside the coordinator: {native} is missing; build the whole solution, or use --in-process.");
        }
    }

    private static void Add(ProcessStartInfo start, params string[] arguments)
    {
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
    }
}
