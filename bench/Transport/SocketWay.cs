using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Backprop.Core.Model;

namespace Backprop.Transport;

/// <summary>Numbers over a socket and nothing else: what any transport between processes is measured by.</summary>
internal sealed class SocketWay : IWay
{
    private readonly Socket socket;
    private readonly FarProcess far;
    private readonly float[] weights;
    private readonly float[] gradients;

    private SocketWay(string name, Socket socket, FarProcess far, NetworkShape shape)
    {
        Name = name;
        this.socket = socket;
        this.far = far;
        weights = new float[shape.ParameterCount];
        gradients = new float[shape.ParameterCount];
        Array.Fill(weights, 0.5f);
    }

    public string Name { get; }

    public static Task<SocketWay> OpenTcpAsync(NetworkShape shape) =>
        OpenAsync("raw TCP socket", FarSides.Tcp, new IPEndPoint(IPAddress.Loopback, 0), shape);

    public static async Task<SocketWay> OpenUnixAsync(NetworkShape shape)
    {
        string path = Path.Combine(Path.GetTempPath(), $"backprop-transport-{Environment.ProcessId}");
        try
        {
            return await OpenAsync("raw Unix-domain socket", FarSides.Unix, new UnixDomainSocketEndPoint(path), shape);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>An address as <see cref="OpenAsync"/> writes it: a port, or a path.</summary>
    public static EndPoint EndPointOf(string address) => int.TryParse(address, CultureInfo.InvariantCulture, out int port)
        ? new IPEndPoint(IPAddress.Loopback, port)
        : new UnixDomainSocketEndPoint(address);

    public static Socket New(EndPoint address)
    {
        bool isTcp = address is IPEndPoint;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, isTcp ? ProtocolType.Tcp : ProtocolType.Unspecified);
        if (isTcp)
            socket.NoDelay = true;
        return socket;
    }

    /// <returns>False when the other side is gone.</returns>
    public static bool Receive(Socket socket, Span<float> numbers)
    {
        Span<byte> rest = MemoryMarshal.AsBytes(numbers);
        while (rest.Length > 0)
        {
            int read = socket.Receive(rest);
            if (read == 0)
                return false;
            rest = rest[read..];
        }

        return true;
    }

    public static void Send(Socket socket, ReadOnlySpan<float> numbers)
    {
        ReadOnlySpan<byte> rest = MemoryMarshal.AsBytes(numbers);
        while (rest.Length > 0)
            rest = rest[socket.Send(rest)..];
    }

    public Task ExchangeAsync(Memory<long> times)
    {
        for (int i = 0; i < times.Length; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            Send(socket, weights);
            if (!Receive(socket, gradients))
                throw new TransportException($"{Name}: the other side is gone.");
            times.Span[i] = Stopwatch.GetTimestamp() - begin;
        }

        return Task.CompletedTask;
    }

    public Task<double> EndAsync()
    {
        socket.Shutdown(SocketShutdown.Both);
        return far.EndAsync();
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        return far.DisposeAsync();
    }

    private static async Task<SocketWay> OpenAsync(string name, string kind, EndPoint address, NetworkShape shape)
    {
        using Socket listener = New(address);
        listener.Bind(address);
        listener.Listen(1);
        string said = listener.LocalEndPoint is IPEndPoint bound ? bound.Port.ToString(CultureInfo.InvariantCulture) : address.ToString()!;
        FarProcess far = FarProcess.Start(kind, said, shape.ToString());
        try
        {
            using var limit = new CancellationTokenSource(FarProcess.Deadline);
            Socket socket = await listener.AcceptAsync(limit.Token);
            if (address is IPEndPoint)
                socket.NoDelay = true;
            socket.SendTimeout = socket.ReceiveTimeout = (int)FarProcess.Deadline.TotalMilliseconds;
            return new SocketWay(name, socket, far, shape);
        }
        catch
        {
            await far.DisposeAsync();
            throw;
        }
    }
}
