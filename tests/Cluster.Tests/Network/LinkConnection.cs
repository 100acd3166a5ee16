using System.Net.Sockets;
using System.Threading.Channels;

namespace Backprop.Cluster.Tests.Network;

/// <summary>One connection through a <see cref="FaultyLink"/>: both of its directions, as pieces that are due at a time.</summary>
internal sealed class LinkConnection : IAsyncDisposable
{
    /// <summary>Small, so that a narrow link carries a stream of them and not bursts.</summary>
    private const int PieceLength = 2048;

    private const int PiecesOnTheWay = 32;

    private readonly Socket worker;
    private readonly Socket coordinator;
    private readonly LinkPace pace;
    private readonly Func<Way, int, int> pass;
    private readonly Action<Way> passed;
    private readonly Task[] carrying;
    private volatile bool isLostToCoordinator;
    private volatile bool isLostToWorker;

    /// <param name="pass">Asked how many of some bytes go through.</param>
    /// <param name="passed">Told once they have been sent on.</param>
    public LinkConnection(Socket worker, Socket coordinator, LinkPace pace, Func<Way, int, int> pass, Action<Way> passed)
    {
        this.worker = worker;
        this.coordinator = coordinator;
        this.pace = pace;
        this.pass = pass;
        this.passed = passed;
        carrying =
        [
            CarryAsync(Way.ToCoordinator, worker, coordinator, () => isLostToCoordinator),
            CarryAsync(Way.ToWorker, coordinator, worker, () => isLostToWorker),
        ];
    }

    public void Break(LinkFault how)
    {
        isLostToWorker = true;
        isLostToCoordinator |= how != LinkFault.AnswersLost;
        if (how != LinkFault.Reset)
            return;
        foreach (Socket end in (Socket[])[worker, coordinator])
        {
            try
            {
                // Closed without lingering, TCP sends a reset.
                end.LingerState = new LingerOption(true, 0);
                end.Dispose();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // It is closed already.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Break(LinkFault.Reset);
        await Task.WhenAll(carrying);
    }

    private async Task CarryAsync(Way way, Socket from, Socket to, Func<bool> isLost)
    {
        var pieces = Channel.CreateBounded<(long Due, byte[] Bytes)>(PiecesOnTheWay);
        await Task.WhenAll(TakeAsync(from, pieces.Writer), BringAsync(way, to, pieces.Reader, isLost));
    }

    private async Task TakeAsync(Socket from, ChannelWriter<(long Due, byte[] Bytes)> pieces)
    {
        TimeProvider time = TimeProvider.System;
        byte[] buffer = new byte[PieceLength];
        long free = 0;
        try
        {
            int length;
            while ((length = await from.ReceiveAsync(buffer)) > 0)
            {
                free = Math.Max(free, time.GetTimestamp()) + (long)(length / pace.BytesPerSecond * time.TimestampFrequency);
                long latency = (long)(pace.Latency.TotalSeconds * time.TimestampFrequency);
                await pieces.WriteAsync((free + latency, buffer[..length]));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The other direction ends with it.
        }

        pieces.Complete();
    }

    private async Task BringAsync(
        Way way, Socket to, ChannelReader<(long Due, byte[] Bytes)> pieces, Func<bool> isLost)
    {
        TimeProvider time = TimeProvider.System;
        try
        {
            await foreach ((long due, byte[] bytes) in pieces.ReadAllAsync())
            {
                TimeSpan wait = time.GetElapsedTime(time.GetTimestamp(), due);
                if (wait > TimeSpan.Zero)
                    await Task.Delay(wait, time);
                if (isLost())
                    continue;
                int length = pass(way, bytes.Length);
                for (int sent = 0; sent < length;)
                    sent += await to.SendAsync(bytes.AsMemory(sent, length - sent));
                passed(way);
            }

            // A side that ended in order, or died.
            if (!isLost())
                to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // What comes after is lost; it is still to be taken, or the taker would wait.
            await foreach (var _ in pieces.ReadAllAsync())
            {
            }
        }
    }
}
