using Backprop.Core.Model;
using Backprop.Core.Sharding;

namespace Backprop.Scale.Simulation;

/// <summary>All that a step's time follows from.</summary>
/// <param name="Shape">The network.</param>
/// <param name="MiniBatch">Examples a step.</param>
/// <param name="Link">The same for every machine.</param>
internal sealed record Cluster(NetworkShape Shape, int MiniBatch, Topology Topology, Link Link, WorkerPace Pace, Costs Costs)
{
    /// <summary>Cores that all workers share, for those that stand on one machine; null: each worker has its own.</summary>
    public double? SharedCores { get; init; }

    /// <summary>S: what the mini-batch says, or so many that every worker has one (<c>--shards</c>).</summary>
    public int Shards
    {
        get
        {
            int shards = ShardCut.Automatic(MiniBatch);
            while (shards < Topology.WorkerCount)
                shards *= 2;
            return shards;
        }
    }

    /// <summary>Examples of a worker, or of all that a relay stands for.</summary>
    public int ExamplesOf(Place place) =>
        ShardCut.Start(FirstShard(place.EndWorker), Shards, MiniBatch) - ShardCut.Start(FirstShard(place.FirstWorker), Shards, MiniBatch);

    /// <summary>Values of the whole model that it has to pass up: the fewest nodes of the reduction tree that cover its shards.</summary>
    public int ValuesOf(Place place) => ReductionTree.Cover(FirstShard(place.FirstWorker), FirstShard(place.EndWorker)).Count;

    /// <summary>As the scheduler divides shards among equal workers.</summary>
    private int FirstShard(int worker) => (int)((long)worker * Shards / Topology.WorkerCount);
}
