using System.Buffers.Binary;
using System.Net.Sockets;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Access;

/// <summary>How many calls a connection may carry at once, and how long their headers may be.</summary>
public sealed class CallLimitTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    /// <summary>RFC 9113, 6.5: a frame's head of nine bytes, then six bytes a setting.</summary>
    [Fact]
    public async Task Settings_OfAConnection_TellTheLimits()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        var address = new Uri(await coordinator.AddressAsync());
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, Cancellation);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"u8.ToArray(), Cancellation);

        byte[] head = new byte[9];
        await stream.ReadExactlyAsync(head, Cancellation);
        Assert.Equal(4, head[3]);
        byte[] settings = new byte[BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(1))];
        await stream.ReadExactlyAsync(settings, Cancellation);
        Dictionary<int, uint> told = settings.Chunk(6).ToDictionary(
            one => (int)BinaryPrimitives.ReadUInt16BigEndian(one), one => BinaryPrimitives.ReadUInt32BigEndian(one.AsSpan(2)));

        Assert.Equal(100u, told[3]); // concurrent streams
        Assert.Equal(32u * 1024, told[6]); // bytes of headers
    }
}
