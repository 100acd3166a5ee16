using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Backprop.Cluster.Tests.Processes;

/// <summary>
/// A port to be opened later, by its number. Linux gives those who ask for any free port one of a range, so that a free
/// port outside it stays free: no other test's coordinator comes to stand there.
/// </summary>
internal static class UnassignedPort
{
    /// <summary>Above the ports that programs have by default, this one too.</summary>
    private const int First = 10_000;

    public static int Find()
    {
        int[] assigned = [.. File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range")
            .Split('\t').Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
        int[] others = [.. Enumerable.Range(First, ushort.MaxValue - First).Where(port => port < assigned[0] || port > assigned[1])];
        while (true)
        {
            int port = others[RandomNumberGenerator.GetInt32(others.Length)];
            if (IsFree(port))
                return port;
        }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
