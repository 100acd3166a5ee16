using System.Diagnostics;
using System.Globalization;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Network;

/// <summary>
/// Some machines, as far as a network goes: Linux's network namespaces, one for a coordinator and one for each worker, with
/// a link of its own between the two. Without root it is done within a user namespace.
/// </summary>
internal sealed class LinkedMachines : IAsyncDisposable
{
    private const string Link = "backprop";

    private readonly List<Process> machines = [];
    private readonly bool isRoot = Environment.UserName == "root";

    private LinkedMachines()
    {
    }

    /// <summary>By which a worker's machine reaches the coordinator's.</summary>
    public static string CoordinatorAddress(int worker) => $"10.99.{worker}.1";

    /// <param name="workers">Machines beside the coordinator's.</param>
    public static async Task<LinkedMachines> StartAsync(int workers)
    {
        var network = new LinkedMachines();
        try
        {
            for (int i = 0; i <= workers; i++)
                await network.AddAsync();
            for (int worker = 1; worker <= workers; worker++)
                await network.ConnectAsync(worker);
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }

        return network;
    }

    /// <summary>What a command line begins with to run on the coordinator's machine (0), or on a worker's.</summary>
    public string[] On(int machine) => isRoot
        ? ["nsenter", $"--target={machines[machine].Id}", "--net"]
        : ["nsenter", $"--target={machines[machine].Id}", "--user", "--preserve-credentials", "--net"];

    /// <summary>Takes a worker's link down, at the coordinator's end: neither side is told.</summary>
    public Task CutAsync(int worker) => RunAsync([.. On(0), "ip", "link", "set", "dev", $"{Link}{worker}", "down"]);

    public Task MendAsync(int worker) => RunAsync([.. On(0), "ip", "link", "set", "dev", $"{Link}{worker}", "up"]);

    /// <summary>Lets a worker's link carry so much each way.</summary>
    public async Task NarrowAsync(int worker, string rate)
    {
        string[] narrow = ["root", "tbf", "rate", rate, "burst", "16kb", "latency", "400ms"];
        await RunAsync([.. On(0), "tc", "qdisc", "replace", "dev", $"{Link}{worker}", .. narrow]);
        await RunAsync([.. On(worker), "tc", "qdisc", "replace", "dev", "link", .. narrow]);
    }

    public async ValueTask DisposeAsync()
    {
        // The last process of a namespace takes its links with it.
        foreach (Process machine in machines)
        {
            machine.Kill(entireProcessTree: true);
            await machine.WaitForExitAsync();
            machine.Dispose();
        }
    }

    private async Task AddAsync()
    {
        string[] apart = (isRoot, machines.Count) switch
        {
            (true, _) => ["unshare", "--net"],
            (false, 0) => ["unshare", "--user", "--map-root-user", "--net"],
            _ => [.. On(0), "unshare", "--net"],
        };
        var start = new ProcessStartInfo(apart[0], [.. apart[1..], "sh", "-c", "ip link set lo up && echo ready && exec sleep infinity"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process machine = Process.Start(start)!;
        machines.Add(machine);
        if (await machine.StandardOutput.ReadLineAsync() != "ready")
        {
            Assert.Fail("No network namespaces: this test needs Linux, iproute2, and root or user namespaces. "
                + await machine.StandardError.ReadToEndAsync());
        }
    }

    private async Task ConnectAsync(int worker)
    {
        await RunAsync(
        [
            .. On(0), "ip", "link", "add", "name", $"{Link}{worker}", "type", "veth", "peer", "name", "link", "netns",
            machines[worker].Id.ToString(CultureInfo.InvariantCulture),
        ]);
        await RunAsync([.. On(0), "ip", "address", "add", $"{CoordinatorAddress(worker)}/24", "dev", $"{Link}{worker}"]);
        await RunAsync([.. On(worker), "ip", "address", "add", $"10.99.{worker}.2/24", "dev", "link"]);
        await RunAsync([.. On(worker), "ip", "link", "set", "dev", "link", "up"]);
        await MendAsync(worker);
    }

    private static async Task RunAsync(string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        using var limit = new CancellationTokenSource(ProgramProcess.Deadline);
        string told = await process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)}: {told}");
    }
}
