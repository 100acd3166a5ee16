using System.Net;
using Microsoft.AspNetCore.Http;

namespace Backprop.Serving;

internal static class HttpPeer
{
    /// <summary>Where a call came from.</summary>
    public static IPEndPoint? Peer(this HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address ? new IPEndPoint(address, context.Connection.RemotePort) : null;
}
