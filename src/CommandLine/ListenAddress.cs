using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Backprop.CommandLine;

/// <summary>Where a server listens: an address of this machine and a port. Port 0 stands for any free one.</summary>
public sealed record ListenAddress(IPAddress Address, int Port)
{
    /// <summary>Whether only processes of this machine can reach it.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(Address);

    /// <summary>Every address of the machine: 0.0.0.0 or [::].</summary>
    public bool IsAny => Address.Equals(IPAddress.Any) || Address.Equals(IPAddress.IPv6Any);

    /// <summary>
    /// Reads "127.0.0.1:5000", "[::1]:5000", "localhost:5000" or a port alone, which stands for the loopback address.
    /// Names of machines are not looked up: what is listened on must be plain from the option.
    /// </summary>
    public static bool TryParse(string text, [MaybeNullWhen(false)] out ListenAddress address)
    {
        address = null;
        int colon = text.LastIndexOf(':');
        string host = colon < 0 ? "localhost" : text[..colon];
        if (!int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            || port > IPEndPoint.MaxPort || !TryParseHost(host, out IPAddress? ip))
        {
            return false;
        }

        address = new ListenAddress(ip, port);
        return true;
    }

    /// <summary>Whether both could not be open at once.</summary>
    public bool ClashesWith(ListenAddress other) =>
        Port != 0 && Port == other.Port && (IsAny || other.IsAny || Address.Equals(other.Address));

    public override string ToString() => new IPEndPoint(Address, Port).ToString();

    private static bool TryParseHost(string host, [MaybeNullWhen(false)] out IPAddress ip)
    {
        ip = IPAddress.Loopback;
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return true;
        if (host.StartsWith('[') && host.EndsWith(']'))
            return IPAddress.TryParse(host[1..^1], out ip) && ip.AddressFamily == AddressFamily.InterNetworkV6;

        // Four numbers in full: the short forms of IPv4 ("127.1", "5000") mean something else than most readers think.
        return host.Count(c => c == '.') == 3 && IPAddress.TryParse(host, out ip)
            && ip.AddressFamily == AddressFamily.InterNetwork;
    }
}
