using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using Grpc.Core;

namespace Backprop.Serving;

/// <summary>
/// What a worker on this machine is offered beside its call: slots for its values, weights to read where they stand, and a doorbell for the messages about them. The
/// worker says what of it it takes; one elsewhere takes nothing.
/// </summary>
/// <param name="slots">Null: nothing is offered.</param>
/// <param name="door">Where it finds its doorbell; null: there is none.</param>
/// <param name="watch">Takes what comes by the doorbell.</param>
/// <param name="isExpected">The worker asks for shared memory and calls from this machine.</param>
/// <param name="hasWeights">Weights are offered too.</param>
internal sealed class WorkerMemory(SharedModels? slots, DoorbellListener? door, DoorbellWatch watch, bool isExpected = false, bool hasWeights = true) : IDisposable
{
    private readonly Queue<CoordinatorMessage> unrung = [];
    private volatile bool usesSlots;
    private volatile bool usesWeights;
    private volatile DoorbellCaller? caller;

    public ValueSlots Slots { get; } = new(slots);

    /// <summary>Whether the worker's values arise in the slots.</summary>
    public bool UsesSlots => usesSlots;

    /// <summary>Whether the worker reads weights where they stand.</summary>
    public bool UsesWeights => usesWeights;

    /// <summary>What goes over gRPC although it was to go through shared memory, and why, for people; null: nothing.</summary>
    public string? Shortfall { get; private set; }

    /// <summary>The worker is ready, and has said what it has mapped.</summary>
    /// <param name="take">Is given what comes by the doorbell, by the watch's thread.</param>
    /// <param name="close">Ends the worker's call with a status.</param>
    /// <exception cref="RpcException">It is not where it says it is.</exception>
    public void Begin(WorkerReady ready, string name, Action<WorkerMessage> take, Action<Status> close)
    {
        usesSlots = slots is not null && ready.SharedMemory;
        usesWeights = usesSlots && ready.SharedWeights;
        Shortfall = isExpected ? ShortfallOf(ready) : null;
        slots?.Unlink();
        if (usesSlots && ready.Doorbell)
        {
            Doorbell bell = door?.TryAccept() ?? throw new RpcException(new Status(
                StatusCode.Unavailable, $"Worker {name} said that it is at the doorbell and was not found there."));
            watch.Attend(caller = new DoorbellCaller(bell, name, take, close, watch.Time));
        }

        door?.Dispose();
    }

    private string? ShortfallOf(WorkerReady ready)
    {
        const string noRoom = "there is no room for shared memory in";
        return slots is null ? $"tensors go over gRPC: {noRoom} {SharedDirectory.Location}"
            : !ready.SharedMemory ? $"tensors go over gRPC: it cannot open the shared memory in {SharedDirectory.Location}"
            : !hasWeights ? $"weights go over gRPC: {noRoom} {SharedDirectory.Location}"
            : !ready.SharedWeights ? "weights go over gRPC: it cannot open the memory they are in"
            : !ready.Doorbell ? "messages go over gRPC: it has no doorbell"
            : null;
    }

    /// <summary>Keeps a message for the next <see cref="TryRing"/>.</summary>
    /// <returns>False where there is no doorbell: it has to go by the call.</returns>
    public bool TryQueue(CoordinatorMessage message)
    {
        if (caller is null)
            return false;
        unrung.Enqueue(message);
        return true;
    }

    /// <summary>Wakes the worker for what was kept.</summary>
    /// <returns>False when it does not take what its doorbell brings.</returns>
    public bool TryRing()
    {
        bool isTaken = true;
        while (unrung.TryDequeue(out CoordinatorMessage? message))
            isTaken &= caller!.TrySend(message);
        return isTaken;
    }

    public void Dispose()
    {
        caller?.Dispose();
        door?.Dispose();
        slots?.Dispose();
    }
}
