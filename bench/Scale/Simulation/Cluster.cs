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

    /// <summary>Whether the coordinator's link alone has a limit.</summary>
    public bool IsOnlyCoordinatorNarrow { get; init; }

    /// <summary>Whether the weights are where they are needed before the step: an evaluation has brought them.</summary>
    public bool HasWeights { get; init; }

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
    public int ExamplesOf(Place place)
    {
        (int first, int end) = ShardsOf(place);
        return ShardCut.Start(end, Shards, MiniBatch) - ShardCut.Start(first, Shards, MiniBatch);
    }

    /// <summary>Of what it passes values up, each of the whole model: the fewest nodes of the reduction tree that cover its shards.</summary>
    public IReadOnlyList<ShardNode> NodesOf(Place place)
    {
        (int first, int end) = ShardsOf(place);
        return ReductionTree.Cover(first, end);
    }

    /// <summary>As the schedulers divide shards by threads: the run's among those at the coordinator, a relay's its own among those below.</summary>
    private (int First, int End) ShardsOf(Place place)
    {
        Place? above = place.Parent == Topology.Coordinator ? null : Topology.Places[place.Parent];
        (int first, int end) = above is null ? (0, Shards) : ShardsOf(above);
        int firstWorker = above?.FirstWorker ?? 0;
        int workers = (above?.EndWorker ?? Topology.WorkerCount) - firstWorker;
        int Start(int worker) => first + (int)((long)(worker - firstWorker) * (end - first) / workers);
        return (Start(place.FirstWorker), Start(place.EndWorker));
    }
}
