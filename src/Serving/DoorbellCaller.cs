using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using Backprop.Protos.Tensors;
using Grpc.Core;

namespace Backprop.Serving;

/// <summary>A worker at its doorbell: what it sends goes to its connection, until something comes that does not fit.</summary>
/// <param name="take">Is given each message. What it throws ends this worker's call and no other's.</param>
/// <param name="close">Ends the worker's call with a status.</param>
internal sealed class DoorbellCaller(Doorbell bell, string name, Action<WorkerMessage> take, Action<Status> close, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan dueAtMost = TimeSpan.FromMilliseconds(5);

    private volatile bool isOver;
    private long askedAt;

    public string Name => name;

    /// <summary>How long the first message took that followed what it was sent last.</summary>
    public TimeSpan Took { get; private set; } = TimeSpan.MaxValue;

    /// <summary>
    /// How long its answer is worth looking for: an eighth of the time that the one before took, and a few milliseconds at most, once half of that time is over and until it is twice over. Zero where it has not been
    /// asked for one, or for none before.
    /// </summary>
    public TimeSpan DueFor
    {
        get
        {
            long asked = Volatile.Read(ref askedAt);
            return asked != 0 && Took != TimeSpan.MaxValue && time.GetElapsedTime(asked) is var elapsed && elapsed >= Took / 2 && elapsed <= Took * 2
                ? TimeSpan.FromTicks(Math.Min(Took.Ticks / 8, dueAtMost.Ticks))
                : TimeSpan.Zero;
        }
    }

    /// <inheritdoc cref="Doorbell.TrySend"/>
    public bool TrySend(CoordinatorMessage message)
    {
        Volatile.Write(ref askedAt, time.GetTimestamp());
        return bell.TrySend(message);
    }

    /// <summary>Takes the next message, and does what comes of it.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryTake(EventQueue events)
    {
        if (isOver)
            return false;
        try
        {
            if (bell.TryReceive(WorkerMessage.Parser) is not { } message)
                return false;
            if (Interlocked.Exchange(ref askedAt, 0) is not 0 and long asked)
                Took = time.GetElapsedTime(asked);
            take(message);
            events.Work();
            return true;
        }
        catch (RpcException error)
        {
            End(error.Status);
        }
        catch (MalformedMessageException error)
        {
            End(new Status(StatusCode.InvalidArgument, $"Worker {name} sent by its doorbell {error.Message}."));
        }

#pragma warning disable CA1031 // Such as that the call is over and its memory gone: the thread serves other workers too.
        catch (Exception error)
#pragma warning restore CA1031
        {
            End(new Status(StatusCode.Internal, $"What worker {name} sent by its doorbell could not be taken: {error.Message}"));
        }

        return false;
    }

    /// <summary>The worker's end of the doorbell is gone, and its call with it.</summary>
    public void Leave() => End(new Status(StatusCode.Unavailable, "its connection broke"));

    /// <inheritdoc cref="Doorbell.WakeUp"/>
    public void WakeUp() => bell.WakeUp();

    /// <summary>Has the worker ring for what it sends from now on.</summary>
    /// <returns>False when something that is to be taken has come meanwhile.</returns>
    public bool TryFallAsleep() => isOver || bell.TryFallAsleep();

    /// <inheritdoc cref="Doorbell.Sleep"/>
    public bool Sleep() => bell.Sleep();

    /// <summary>Nothing comes from it any more; a thread that waits for its next message is woken.</summary>
    public void Dispose() => bell.Dispose();

    private void End(Status why)
    {
        isOver = true;
        close(why);
    }
}
