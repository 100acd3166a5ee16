using Backprop.Core.Model;
using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using Backprop.Protos.Tensors;

namespace Backprop.Worker.Transport;

/// <summary>What a worker shares with a coordinator on its own machine, and why not where it does not.</summary>
internal sealed class CoordinatorMemory : IDisposable
{
    private CoordinatorMemory(string transport) => Transport = transport;

    /// <summary>Where values arise; null: they are sent.</summary>
    public SharedModels? Slots { get; private init; }

    /// <summary>Where weights are read; null: they are received.</summary>
    public SharedModels? Weights { get; private init; }

    /// <summary>By which messages that a step waits for go; null: they go with the call.</summary>
    public Doorbell? Doorbell { get; private init; }

    /// <summary>How tensors travel, for people, with the reason where it is not by shared memory.</summary>
    public string Transport { get; }

    /// <summary>Opens what the coordinator offers.</summary>
    /// <param name="isWanted">Whether it was asked for.</param>
    public static CoordinatorMemory Open(SharedMemoryOffer? offer, NetworkShape shape, bool isWanted)
    {
        if (!isWanted)
            return new CoordinatorMemory("tensors over gRPC, as --transport says");
        if (offer is null)
            return new CoordinatorMemory("tensors over gRPC: the coordinator is on another machine, or has no room for shared memory");
        SharedModels? slots = SharedModels.TryOpen(offer.Path, offer.Key.Span, shape, (int)Math.Min(offer.Slots, int.MaxValue), isWritable: true);
        if (slots is null)
            return new CoordinatorMemory("tensors over gRPC: the coordinator's shared memory cannot be opened from here");
        SharedModels? weights = SharedModels.TryOpen(
            offer.WeightsPath, offer.WeightsKey.Span, shape, (int)Math.Min(offer.WeightsPlaces, int.MaxValue), isWritable: false);
        Doorbell? doorbell = Doorbell.TryConnect(offer.Doorbell, slots);
        string how = weights is null ? "sums by shared memory, weights over gRPC: theirs cannot be opened from here"
            : doorbell is null ? "tensors by shared memory, messages over gRPC: there is no doorbell"
            : "tensors by shared memory";
        return new CoordinatorMemory(how) { Slots = slots, Weights = weights, Doorbell = doorbell };
    }

    /// <summary>The weights in a place that an assignment names.</summary>
    /// <exception cref="MalformedMessageException">There is none such.</exception>
    public Parameters WeightsIn(uint place) => place < (Weights?.Count ?? 0)
        ? Weights![(int)place]
        : throw new MalformedMessageException($"weights in place {place} of shared memory, which this worker has not mapped");

    /// <summary>What the coordinator is told once the worker holds the data set.</summary>
    public WorkerMessage Ready(string datasetSha256) => new()
    {
        Ready = new WorkerReady
        {
            DatasetSha256 = datasetSha256,
            SharedMemory = Slots is not null,
            SharedWeights = Weights is not null,
            Doorbell = Doorbell is not null,
        },
    };

    public void Dispose()
    {
        Doorbell?.Dispose();
        Slots?.Dispose();
        Weights?.Dispose();
    }
}
