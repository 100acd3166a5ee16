using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Backprop.Scale.Check;

/// <summary>
/// Forwards TCP connections and holds up what they carry, so that latency needs no kernel that can delay (netem). It runs on a
/// worker's machine as a process of its own, which whoever started it ends.
/// </summary>
internal static class DelayLine
{
    public const string Command = "delay";

    /// <summary>The line that says that connections are taken.</summary>
    public const string Ready = "delays";

    /// <summary>Where a worker calls instead of its coordinator; every worker's machine has its own loopback.</summary>
    public const string Address = "127.0.0.1:5000";

    private const int ChunkLength = 64 * 1024;
    private const int ChunksAtMost = 1024;

    /// <param name="target">The coordinator's address and port.</param>
    /// <param name="milliseconds">One way.</param>
    /// <returns>An exit code, though nothing but a failure ends it from inside.</returns>
    public static async Task<int> RunAsync(string target, string milliseconds)
    {
        TimeSpan delay = TimeSpan.FromMilliseconds(double.Parse(milliseconds, CultureInfo.InvariantCulture));
        using var listener = new TcpListener(IPEndPoint.Parse(Address));
        listener.Start();
        Console.WriteLine(Ready);
        while (true)
        {
            Socket worker = await listener.AcceptSocketAsync();
            _ = ForwardAsync(worker, IPEndPoint.Parse(target), delay);
        }
    }

    private static async Task ForwardAsync(Socket worker, IPEndPoint target, TimeSpan delay)
    {
        using (worker)
        using (var coordinator = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp))
        {
            worker.NoDelay = coordinator.NoDelay = true;
            try
            {
                await coordinator.ConnectAsync(target);
                await Task.WhenAll(ForwardAsync(worker, coordinator, delay), ForwardAsync(coordinator, worker, delay));
            }
            catch (SocketException)
            {
                // One side is gone; the other one sees it by what is disposed of here.
            }
        }
    }

    /// <summary>One way, until it ends.</summary>
    private static async Task ForwardAsync(Socket from, Socket to, TimeSpan delay)
    {
        var chunks = Channel.CreateBounded<(byte[] Bytes, int Length, long Came)>(ChunksAtMost);
        Task sending = SendAsync(chunks.Reader, to, delay);
        try
        {
            while (true)
            {
                byte[] bytes = ArrayPool<byte>.Shared.Rent(ChunkLength);
                int length = await from.ReceiveAsync(bytes);
                if (length == 0)
                    break;
                await chunks.Writer.WriteAsync((bytes, length, Stopwatch.GetTimestamp()));
            }
        }
        finally
        {
            chunks.Writer.TryComplete();
            await sending;
        }
    }

    private static async Task SendAsync(ChannelReader<(byte[] Bytes, int Length, long Came)> chunks, Socket to, TimeSpan delay)
    {
        try
        {
            await foreach ((byte[] bytes, int length, long came) in chunks.ReadAllAsync())
            {
                TimeSpan left = delay - Stopwatch.GetElapsedTime(came);
                if (left > TimeSpan.Zero)
                    await Task.Delay(left);
                for (int sent = 0; sent < length;)
                    sent += await to.SendAsync(bytes.AsMemory(sent, length - sent));
                ArrayPool<byte>.Shared.Return(bytes);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // Whoever would have received it is gone: what still comes is taken and dropped.
            await foreach (var dropped in chunks.ReadAllAsync())
                _ = dropped;
        }
    }
}
