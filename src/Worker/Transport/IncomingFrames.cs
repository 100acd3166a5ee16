using System.Collections.Concurrent;
using Backprop.Core.Model;
using Backprop.Protos;
using Backprop.Protos.Tensors;

namespace Backprop.Worker.Transport;

/// <summary>Frames on their way from the connection to the thread that computes, in their order.</summary>
internal sealed class IncomingFrames : IDisposable
{
    private readonly ConcurrentQueue<Frame<CoordinatorMessage, WeightsHeader>> frames = new();
    private readonly SemaphoreSlim available = new(0);
    private Func<WeightsHeader, IReadOnlyList<LayerParameters>?> placesOf = _ => null;
    private volatile bool ended;

    /// <summary>Where the numbers of frames that are still to come belong: <see cref="TensorPlaces.Use"/>. Asked by the thread that reads them.</summary>
    public Func<WeightsHeader, IReadOnlyList<LayerParameters>?> PlacesOf
    {
        get => Volatile.Read(ref placesOf);
        set => Volatile.Write(ref placesOf, value);
    }

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
