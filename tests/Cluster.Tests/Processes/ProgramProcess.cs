using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Backprop.Cluster.Tests.Processes;

/// <summary>A real process of one of the two programs, its output kept line by line, ended with the test.</summary>
internal sealed class ProgramProcess : IAsyncDisposable
{
    /// <summary>Nothing here takes so long; a wait that does has failed.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    private readonly Process process;
    private readonly ConcurrentQueue<string> output = new();
    private readonly ConcurrentQueue<string> errors = new();
    private readonly SemaphoreSlim changed = new(0);

    private ProgramProcess(Process process) => this.process = process;

    public int Id => process.Id;

    public string Output => string.Join('\n', output);

    public string Errors => string.Join('\n', errors);

    /// <summary>Starts "Coordinator" or "Worker" as this build made it.</summary>
    /// <param name="within">A program with its options that runs it in other surroundings.</param>
    public static ProgramProcess Start(
        string project, string workingDirectory, IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null, IReadOnlyList<string>? within = null)
    {
        string[] command = [.. within ?? [], "dotnet", PathOf(project), .. arguments];
        return StartCommand(command, workingDirectory, environment);
    }

    /// <summary>Starts a program of the test's making.</summary>
    /// <param name="command">The program and its arguments.</param>
    public static ProgramProcess StartCommand(
        string[] command, string workingDirectory, IReadOnlyDictionary<string, string>? environment = null)
    {
        ProcessStartInfo start = StartInfo(command[0], workingDirectory, command[1..]);
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return Start(start);
    }

    /// <summary>Starts a shell's command on a pseudo-terminal, whose output is kept as it was written.</summary>
    public static ProgramProcess StartOnTerminal(string command, string workingDirectory)
    {
        ProcessStartInfo start = StartInfo("script", workingDirectory, ["-qefc", command, "/dev/null"]);
        start.Environment["TERM"] = "xterm-256color";
        foreach (string name in (string[])["NO_COLOR", "CI", "GITHUB_ACTIONS"])
            start.Environment.Remove(name);
        return Start(start);
    }

    private static ProcessStartInfo StartInfo(string file, string workingDirectory, IEnumerable<string> arguments)
    {
        // Whoever runs the tests may ignore Ctrl-C, as a shell does for what runs behind it; a child would inherit that.
        // A write beyond a limit of a test's making fails as on a full disk, which sends no signal.
        var start = new ProcessStartInfo("env", ["--default-signal=INT,QUIT,HUP", "--ignore-signal=XFSZ", file, .. arguments])
        {
            WorkingDirectory = workingDirectory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Compilation.InTiers(start);
        return start;
    }

    private static ProgramProcess Start(ProcessStartInfo start)
    {
        var program = new ProgramProcess(new Process { StartInfo = start });
        program.process.OutputDataReceived += (_, line) => program.Keep(program.output, line.Data);
        program.process.ErrorDataReceived += (_, line) => program.Keep(program.errors, line.Data);
        program.process.Start();
        program.process.BeginOutputReadLine();
        program.process.BeginErrorReadLine();
        return program;
    }

    /// <summary>The program that was built beside this test: artifacts/bin/PROJECT/CONFIGURATION.</summary>
    public static string PathOf(string project)
    {
        var tests = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(tests.Parent!.Parent!.FullName, project, tests.Name, $"Backprop.{project}.dll");
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync()
    {
        using var limit = new CancellationTokenSource(Deadline);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"The process did not end within {Deadline}. Its output:\n{Output}\n{Errors}");
        }

        return process.ExitCode;
    }

    /// <summary>Waits for a line of either stream that matches.</summary>
    /// <param name="times">How many such lines there must be.</param>
    public async Task<Match> LineAsync(string pattern, int times = 1)
    {
        using var limit = new CancellationTokenSource(Deadline);
        while (true)
        {
            bool ended = process.HasExited;
            try
            {
                // Its last lines may come after its end.
                if (ended)
                    await process.WaitForExitAsync(limit.Token);
                Match[] matches =
                    [.. output.Concat(errors).Select(line => Regex.Match(line, pattern)).Where(match => match.Success)];
                if (matches.Length >= times)
                    return matches[times - 1];

                if (ended)
                    Assert.Fail($"The process ended without a line like '{pattern}'. Its output:\n{Output}\n{Errors}");
                await changed.WaitAsync(TimeSpan.FromSeconds(1), limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"No line like '{pattern}' within {Deadline}. The output:\n{Output}\n{Errors}");
            }
        }
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => process.Kill();

    /// <summary>SIGSTOP: once this returns it does nothing at all until it is thawed.</summary>
    public async Task FreezeAsync()
    {
        Signal(Id, "STOP");
        await ProcessTable.WaitUntilStoppedAsync(Id);
    }

    /// <summary>SIGCONT.</summary>
    public void Thaw() => Signal(Id, "CONT");

    /// <summary>Sends a signal by its name, such as TERM.</summary>
    public static void Signal(int processId, string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{processId}"]);
        kill.WaitForExit();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        changed.Dispose();
    }

    private void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is null)
            return;
        lines.Enqueue(line);
        changed.Release();
    }
}
