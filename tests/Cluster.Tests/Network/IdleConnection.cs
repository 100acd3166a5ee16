using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Protos;
using Google.Protobuf;

namespace Backprop.Cluster.Tests.Network;

/// <summary>How far a connection goes before it has nothing more to say.</summary>
public enum Idleness
{
    /// <summary>Open, and not a byte sent.</summary>
    Connected,

    /// <summary>HTTP/2's preface a byte a second.</summary>
    SlowPreface,

    /// <summary>HTTP/2 spoken, and no call made.</summary>
    NoCall,

    /// <summary>A call's headers that do not end.</summary>
    HalfHeaders,

    /// <summary>A call that wants one message, of which a byte a second comes.</summary>
    SlowRequest,

    /// <summary>A call of Work whose first message does not come.</summary>
    NoJoin,

    /// <summary>A worker that joined, and sends a byte a second of a message that never ends.</summary>
    SlowWorker,
}

/// <summary>
/// A connection that comes to nothing, in HTTP/2 written by hand. It answers pings, as the living do: only a timer can
/// tell that it is idle.
/// </summary>
internal sealed class IdleConnection : IAsyncDisposable
{
    private const byte Data = 0, Headers = 1, Settings = 4, Ping = 6;
    private const byte Acknowledged = 1, EndHeaders = 4;

    private static readonly byte[] preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource ended = new(ProgramProcess.Deadline);
    private readonly SemaphoreSlim writing = new(1);
    private readonly string name;
    private readonly Task dripping;

    private IdleConnection(string name, Func<IdleConnection, Task> begin)
    {
        this.name = name;
        dripping = begin(this);
    }

    public static async Task<IdleConnection> OpenAsync(string address, Idleness how, string name)
    {
        var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var connection = new IdleConnection(name, async self =>
        {
            Uri coordinator = new(address);
            await self.socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(coordinator.Host), coordinator.Port), self.ended.Token);
            opened.SetResult();
            try
            {
                await self.GoAsAsync(how);
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // It was dropped.
            }
        });
        await opened.Task.WaitAsync(ProgramProcess.Deadline);
        return connection;
    }

    /// <summary>Reads, and answers pings, until the coordinator closes the connection.</summary>
    public async Task DroppedAsync()
    {
        byte[] header = new byte[9];
        try
        {
            while (await ReadAsync(header))
            {
                byte[] payload = new byte[(header[0] << 16) | BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(1))];
                if (!await ReadAsync(payload))
                    return;
                if (header[3] == Ping && header[4] != Acknowledged)
                    await SendAsync(Frame(Ping, Acknowledged, 0, payload));
            }
        }
        catch (SocketException)
        {
            // A reset drops it too.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        socket.Dispose();
        await dripping;
        writing.Dispose();
        ended.Dispose();
    }

    private async Task GoAsAsync(Idleness how)
    {
        if (how == Idleness.Connected)
            return;
        if (how == Idleness.SlowPreface)
        {
            await DripAsync(preface[..^1]);
            return;
        }

        await SendAsync([.. preface, .. Frame(Settings, 0, 0, [])]);
        switch (how)
        {
            case Idleness.HalfHeaders:
                await SendAsync(Call(RawCall.GetStatus, flags: 0));
                break;
            case Idleness.SlowRequest:
                await SendAsync(Call(RawCall.GetStatus, EndHeaders));
                await DripAsync(RawCall.Prefixed(new byte[1000]), inData: true);
                break;
            case Idleness.NoJoin:
                await SendAsync(Call(RawCall.Work, EndHeaders));
                break;
            case Idleness.SlowWorker:
                byte[] join = new WorkerMessage { Join = PlainWorker.Request(name) }.ToByteArray();
                await SendAsync([.. Call(RawCall.Work, EndHeaders), .. Frame(Data, 0, 1, RawCall.Prefixed(join))]);
                await DripAsync(RawCall.Prefixed(new byte[1000]), inData: true);
                break;
        }
    }

    private async Task DripAsync(byte[] bytes, bool inData = false)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        foreach (byte next in bytes)
        {
            await SendAsync(inData ? Frame(Data, 0, 1, [next]) : [next]);
            await timer.WaitForNextTickAsync(ended.Token);
        }
    }

    private async Task SendAsync(byte[] bytes)
    {
        await writing.WaitAsync(ended.Token);
        try
        {
            for (int sent = 0; sent < bytes.Length;)
                sent += await socket.SendAsync(bytes.AsMemory(sent), ended.Token);
        }
        finally
        {
            writing.Release();
        }
    }

    /// <returns>False at the end.</returns>
    private async Task<bool> ReadAsync(byte[] bytes)
    {
        for (int read = 0; read < bytes.Length;)
        {
            int length = await socket.ReceiveAsync(bytes.AsMemory(read), ended.Token);
            if (length == 0)
                return false;
            read += length;
        }

        return true;
    }

    /// <summary>The headers of a gRPC call on stream 1.</summary>
    private static byte[] Call(string path, byte flags) => Frame(Headers, flags, 1,
    [
        .. Field(":method", "POST"), .. Field(":scheme", "http"), .. Field(":path", path), .. Field(":authority", "coordinator"),
        .. Field("content-type", "application/grpc"), .. Field("te", "trailers"),
    ]);

    /// <summary>RFC 7541, 6.2.2: a literal with a new name, neither indexed nor compressed.</summary>
    private static byte[] Field(string name, string value) =>
        [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];

    /// <summary>RFC 9113, 4.1: length, type, flags, stream, payload.</summary>
    private static byte[] Frame(byte type, byte flags, byte stream, byte[] payload) =>
        [0, (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, stream, .. payload];
}
