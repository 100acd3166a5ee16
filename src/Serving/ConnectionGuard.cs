using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Backprop.Serving;

/// <summary>
/// Keeps connections from other machines from being held for nothing: so many from one address, and each only for as long as it
/// takes to show what lets a caller in. Without it one host could keep all workers out, with pings for signs of life.
/// </summary>
internal sealed class ConnectionGuard(AccessLog log, TimeProvider time)
{
    /// <summary>Twice as many as there can be workers, which may all come through one gateway.</summary>
    public const int PerAddress = 512;

    /// <summary>From the first byte to a call that is let in.</summary>
    public static readonly TimeSpan AdmissionLimit = TimeSpan.FromSeconds(15);

    /// <summary>An IPv6 host has a whole network of addresses to itself.</summary>
    private const int HostNetworkBytes = 8;

    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, int> open = [];

    /// <summary>Stands before TLS.</summary>
    public ConnectionDelegate Count(ConnectionDelegate next) => async connection =>
    {
        IPAddress address = NetworkOf((connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None);
        if (!TryEnter(address))
        {
            log.Refused($"there are {PerAddress} connections from its address already", connection.RemoteEndPoint);
            connection.Abort();
            return;
        }

        var admission = new ConnectionAdmission();
        connection.Features.Set(admission);
        try
        {
            await using ITimer limit = time.CreateTimer(_ => EndUnlessAdmitted(connection, admission), null, AdmissionLimit, Timeout.InfiniteTimeSpan);
            await next(connection);
            if (!admission.IsSecure && !admission.IsTold)
                log.Refused("it did not complete a TLS handshake (https:// is spoken here)", connection.RemoteEndPoint);
        }
        finally
        {
            Leave(address);
        }
    };

    /// <summary>Stands behind TLS.</summary>
    public static ConnectionDelegate Secured(ConnectionDelegate next) => connection =>
    {
        connection.Features.Get<ConnectionAdmission>()!.IsSecure = true;
        return next(connection);
    };

    private void EndUnlessAdmitted(ConnectionContext connection, ConnectionAdmission admission)
    {
        if (admission.IsAdmitted)
            return;
        if (!admission.IsTold)
            log.Refused($"it made no call that is let in within {AdmissionLimit.TotalSeconds:0} s", connection.RemoteEndPoint);
        admission.IsTold = true;
        connection.Abort();
    }

    private bool TryEnter(IPAddress address)
    {
        lock (gate)
        {
            int count = open.GetValueOrDefault(address);
            if (count >= PerAddress)
                return false;
            open[address] = count + 1;
            return true;
        }
    }

    private void Leave(IPAddress address)
    {
        lock (gate)
        {
            if (--open[address] == 0)
                open.Remove(address);
        }
    }

    private static IPAddress NetworkOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        byte[] bytes = address.GetAddressBytes();
        if (bytes.Length <= HostNetworkBytes)
            return address;
        bytes.AsSpan(HostNetworkBytes).Clear();
        return new IPAddress(bytes);
    }
}
