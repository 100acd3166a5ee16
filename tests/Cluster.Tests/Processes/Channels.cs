using System.Net;
using System.Net.Sockets;
using Grpc.Net.Client;

namespace Backprop.Cluster.Tests.Processes;

/// <summary>Ways to a coordinator on this machine.</summary>
internal static class Channels
{
    public static GrpcChannel To(string address) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        // A proxy from the environment is not meant for loopback.
        HttpHandler = new SocketsHttpHandler { UseProxy = false },
        DisposeHttpClient = true,
    });

    /// <summary>A port that nobody has at this moment.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
