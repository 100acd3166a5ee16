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
}
