using Backprop.Protos;
using Backprop.Protos.Tensors;
using Grpc.Core;
using CoordinatorFrame = Backprop.Protos.Tensors.Frame<
    Backprop.Protos.CoordinatorMessage, Backprop.Protos.WeightsHeader>;

namespace Backprop.Worker.Transport;

/// <summary>What is heard from the coordinator, and the signs of life in both directions.</summary>
internal sealed class Conversation(
    IAsyncStreamReader<CoordinatorFrame> responses, IncomingFrames incoming, OutgoingFrames outgoing,
    TimeProvider time)
{
    /// <summary>How long a coordinator that took the call may take to answer the join.</summary>
    private static readonly TimeSpan WelcomeLimit = TimeSpan.FromSeconds(10);

    private long lastHeard = time.GetTimestamp();

    /// <exception cref="RpcException">The coordinator refused the worker, or did not answer.</exception>
    public async Task<Welcome> ReceiveWelcomeAsync(CancellationToken cancellation)
    {
        Task<bool> first = HearAsync(cancellation);
        if (await Task.WhenAny(first, Task.Delay(WelcomeLimit, time, cancellation)) != first)
            throw Silent(WelcomeLimit);
        if (await first && responses.Current.Message?.Welcome is { } welcome)
            return welcome;
        throw new RpcException(new Status(StatusCode.Internal, "The coordinator's first message was no Welcome."));
    }

    /// <summary>Hands the run's frames to the computing thread until the run or the call ends.</summary>
    /// <returns>How the run ended; null when the coordinator closed the call without saying.</returns>
    public async Task<RunEnded?> ReceiveAsync(CancellationToken cancellation)
    {
        TensorPlaces.Use<WeightsHeader>(header => incoming.PlacesOf(header));
        while (await HearAsync(cancellation))
        {
            CoordinatorFrame frame = responses.Current;
            if (frame.Message?.RunEnded is { } ended)
                return ended;
            if (frame.Message?.Heartbeat is null)
                incoming.Add(frame);
        }

        return null;
    }

    /// <summary>Says "I am alive" at the run's pace, and notices when the coordinator no longer does.</summary>
    /// <exception cref="RpcException">DEADLINE_EXCEEDED: the coordinator is silent.</exception>
    public async Task SendHeartbeatsAsync(Welcome run, CancellationToken cancellation)
    {
        TimeSpan limit = TimeSpan.FromMilliseconds(run.SilenceLimitMs);
        TimeSpan interval = TimeSpan.FromMilliseconds(Math.Max(1, run.HeartbeatIntervalMs));

        // The first one soon: what beats is then compiled while the worker prepares and not while it trains.
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(Math.Max(1, run.HeartbeatIntervalMs / 20)), time);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            timer.Period = interval;
            outgoing.Add(new WorkerMessage { Heartbeat = new Heartbeat() });
            if (time.GetElapsedTime(Volatile.Read(ref lastHeard)) > limit)
                throw Silent(limit);
        }
    }

    /// <summary>Any frame is a sign of life; a welcome too, which may have been long in coming.</summary>
    private async Task<bool> HearAsync(CancellationToken cancellation)
    {
        bool came = await responses.MoveNext(cancellation);
        Volatile.Write(ref lastHeard, time.GetTimestamp());
        return came;
    }

    private static RpcException Silent(TimeSpan limit) => new(new Status(
        StatusCode.DeadlineExceeded, $"The coordinator was silent for {limit.TotalSeconds:0} s."));
}
