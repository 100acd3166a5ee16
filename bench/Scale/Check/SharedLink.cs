using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Backprop.Scale.Check;

/// <summary>What has gone over a link, as its interface counts: with the headers of every layer above its own.</summary>
internal sealed record LinkBytes(long Sent, long Received);

/// <summary>
/// A coordinator's machine and workers' machines at a switch, as far as a network goes: Linux's network namespaces, joined by
/// a bridge. The coordinator's link can be narrowed, which all workers then share.
/// </summary>
internal sealed class SharedLink : IAsyncDisposable
{
    /// <summary>
    /// What may pass at full speed after a pause, as a time of the link: as much as a timer may be late without loss, and a small
    /// part of what is measured.
    /// </summary>
    private const double BurstSeconds = 0.5e-3;

    /// <summary>Several frames of Ethernet.</summary>
    private const double BurstBytesAtLeast = 8192;

    private static readonly TimeSpan startLimit = TimeSpan.FromMinutes(1);

    private readonly List<Process> machines = [];

    private SharedLink()
    {
    }

    private int SwitchNumber => machines.Count - 1;

    /// <param name="workers">Machines beside the coordinator's.</param>
    /// <exception cref="ScaleException">It takes Linux, iproute2 and root.</exception>
    public static async Task<SharedLink> StartAsync(int workers)
    {
        var network = new SharedLink();
        try
        {
            // The coordinator's, the workers', the switch.
            for (int i = 0; i < workers + 2; i++)
                await network.AddAsync();
            await network.InAsync(network.SwitchNumber, "ip", "link", "add", "name", "switch", "type", "bridge");
            await network.InAsync(network.SwitchNumber, "ip", "link", "set", "dev", "switch", "up");
            for (int i = 0; i <= workers; i++)
                await network.ConnectAsync(i);
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where the coordinator's machine (0), or a worker's, is reached.</summary>
    public static string AddressOf(int machine) => $"10.99.0.{machine + 1}";

    /// <summary>What a command line begins with to run on the coordinator's machine (0), or on a worker's.</summary>
    public string[] On(int machine) => ["nsenter", $"--target={machines[machine].Id}", "--net"];

    /// <summary>Lets the coordinator's link carry so much each way.</summary>
    public async Task NarrowAsync(double megabits)
    {
        string rate = string.Create(CultureInfo.InvariantCulture, $"{megabits * 1000:0}kbit");
        double burst = Math.Max(BurstBytesAtLeast, megabits * 1e6 / 8 * BurstSeconds);
        string[] shape = ["root", "tbf", "rate", rate, "burst", string.Create(CultureInfo.InvariantCulture, $"{burst:0}b"), "latency", "400ms"];
        await InAsync(0, ["tc", "qdisc", "replace", "dev", "link", .. shape]);
        await InAsync(SwitchNumber, ["tc", "qdisc", "replace", "dev", "port0", .. shape]);
    }

    /// <summary>What has gone over the coordinator's link so far.</summary>
    public async Task<LinkBytes> CoordinatorBytesAsync()
    {
        // Of an interface eight figures of what it received, the first its bytes; then those of what it sent.
        Match counted = Regex.Match(await InAsync(0, "cat", "/proc/net/dev"), @"link:\s*(\d+)(?:\s+\d+){7}\s+(\d+)");
        return counted.Success
            ? new LinkBytes(Sent: Number(counted.Groups[2]), Received: Number(counted.Groups[1]))
            : throw new ScaleException("/proc/net/dev does not tell of the coordinator's link.");
    }

    public async ValueTask DisposeAsync()
    {
        // The last process of a namespace takes its links with it.
        foreach (Process machine in machines)
        {
            if (!machine.HasExited)
                machine.Kill(entireProcessTree: true);
            await machine.WaitForExitAsync();
            machine.Dispose();
        }
    }

    private async Task AddAsync()
    {
        var start = new ProcessStartInfo("unshare", ["--net", "sh", "-c", "ip link set lo up && echo ready && exec sleep infinity"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process machine = Process.Start(start) ?? throw new ScaleException("unshare cannot be started.");
        machines.Add(machine);
        if (await machine.StandardOutput.ReadLineAsync().WaitAsync(startLimit) != "ready")
            throw new ScaleException("No network namespaces: the check needs Linux, iproute2 and root. " + await machine.StandardError.ReadToEndAsync());
    }

    private async Task ConnectAsync(int machine)
    {
        string port = $"port{machine}";
        string process = machines[machine].Id.ToString(CultureInfo.InvariantCulture);
        await InAsync(SwitchNumber, "ip", "link", "add", "name", port, "type", "veth", "peer", "name", "link", "netns", process);
        await InAsync(SwitchNumber, "ip", "link", "set", "dev", port, "master", "switch", "up");
        await InAsync(machine, "ip", "address", "add", $"{AddressOf(machine)}/24", "dev", "link");
        await InAsync(machine, "ip", "link", "set", "dev", "link", "up");
    }

    private static long Number(Group digits) => long.Parse(digits.Value, CultureInfo.InvariantCulture);

    private Task<string> InAsync(int machine, params string[] command) => Command.RunAsync([.. On(machine), .. command]);
}
