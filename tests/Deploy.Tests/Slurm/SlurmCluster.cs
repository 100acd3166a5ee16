using System.Diagnostics;
using System.Globalization;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Deploy.Tests.Slurm;

/// <summary>
/// A real Slurm on this machine: a controller and the nodes n1 and n2, two processors each, with a munge of their own. It
/// ends with the tests, and with the process that runs them however that ends: cluster.sh watches its standard input.
/// </summary>
public sealed class SlurmCluster : IAsyncLifetime
{
    private static readonly string[] programs = ["munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "scancel", "sinfo"];

    private readonly TemporaryDirectory directory = new();
    private Process? daemons;

    /// <summary>Where Slurm's commands find this cluster.</summary>
    internal string ConfigurationPath => Path.Combine(directory.Path, "slurm.conf");

    /// <summary>Where jobs are submitted, and so where their output is.</summary>
    internal string SubmitDirectory => Directory.CreateDirectory(Path.Combine(directory.Path, "submitted")).FullName;

    public async ValueTask InitializeAsync()
    {
        string path = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        string[] missing = [.. programs.Where(name => !path.Split(':').Any(folder => File.Exists(Path.Combine(folder, name))))];
        Assert.True(
            missing.Length == 0,
            $"Slurm is needed here, and {string.Join(", ", missing)} is missing; on Debian: apt-get install --no-install-recommends slurm-wlm munge");

        int[] ports = [UnassignedPort.Find(), UnassignedPort.Find(), UnassignedPort.Find()];
        var start = new ProcessStartInfo(
            Path.Combine(Checkout.Root, "tests", "Deploy.Tests", "Slurm", "cluster.sh"),
            [directory.Path, .. ports.Select(port => port.ToString(CultureInfo.InvariantCulture))])
        {
            RedirectStandardInput = true,
        };
        start.Environment["PATH"] = path;
        daemons = Process.Start(start)!;
        try
        {
            await Wait.UntilAsync("both nodes of the cluster are idle", BothNodesAreIdleAsync, Logs);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a command of Slurm for this cluster.</summary>
    internal Task<Command> RunAsync(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        Command.RunAsync(
            file, arguments, SubmitDirectory,
            new Dictionary<string, string>(environment ?? new Dictionary<string, string>()) { ["SLURM_CONF"] = ConfigurationPath });

    /// <summary>As <see cref="RunAsync"/>, for what must succeed.</summary>
    /// <returns>Its standard output.</returns>
    internal async Task<string> SucceedAsync(string file, params string[] arguments)
    {
        Command done = await RunAsync(file, arguments);
        Assert.True(done.ExitCode == 0, $"{file} {string.Join(' ', arguments)}: exit code {done.ExitCode}\n{done.Output}\n{done.Errors}\n{Logs()}");
        return done.Output;
    }

    /// <summary>What the daemons say, for a test that failed.</summary>
    internal string Logs() => string.Join('\n', Directory.EnumerateFiles(directory.Path, "*.log").Order().Select(file => $"{file}:\n{File.ReadAllText(file)}"));

    public async ValueTask DisposeAsync()
    {
        if (daemons is not null)
        {
            daemons.StandardInput.Close();
            using var limit = new CancellationTokenSource(ProgramProcess.Deadline);
            await daemons.WaitForExitAsync(limit.Token);
            daemons.Dispose();
        }

        directory.Dispose();
    }

    private async Task<bool> BothNodesAreIdleAsync()
    {
        Assert.False(daemons!.HasExited, $"cluster.sh ended with exit code {(daemons.HasExited ? daemons.ExitCode : 0)}.\n{Logs()}");
        if (!File.Exists(ConfigurationPath))
            return false;
        Command idle = await RunAsync("sinfo", ["--noheader", "--states=idle", "--format=%D"]);
        return idle.ExitCode == 0 && idle.Output.Trim() == "2";
    }
}
