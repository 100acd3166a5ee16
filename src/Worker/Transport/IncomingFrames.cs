using System.Collections.Concurrent;
using Backprop.Protos;
using Backprop.Protos.Tensors;

namespace Backprop.Worker.Transport;

/// <summary>Frames on their way from the connection to the thread that computes, in their order.</summary>
internal sealed class IncomingFrames : IDisposable
{
    private readonly ConcurrentQueue<Frame<CoordinatorMessage, WeightsHeader>> frames = new();
    private readonly SemaphoreSlim available = new(0);
    private volatile bool ended;

    public void Add(Frame<CoordinatorMessage, WeightsHeader> frame)
    {
        frames.Enqueue(frame);
        available.Release();
    }

    /// <summary>No more frames will come: whoever waits is woken.</summary>
    public void End()
    {
        ended = true;
        available.Release();
    }

    /// <summary>Waits for the next frame.</summary>
    /// <exception cref="OperationCanceledException">The connection ended.</exception>
    public Frame<CoordinatorMessage, WeightsHeader> Take()
    {
        available.Wait();
        if (!ended && frames.TryDequeue(out Frame<CoordinatorMessage, WeightsHeader>? frame))
            return frame;
        available.Release();
        throw new OperationCanceledException("The connection to the coordinator ended.");
    }

    public void Dispose() => available.Dispose();
}
