using System.Runtime.InteropServices;
using Backprop.Core.Data;
using Backprop.Core.Sharding;

namespace Backprop.Core.Training;

/// <summary>
/// Finds a step's examples from numbers alone: every process computes the epoch's order by itself. Not for several threads
/// at once.
/// </summary>
public sealed class StepExamples(TrainingPlan plan, ulong seed, bool shuffle)
{
    private readonly int[] order = new int[plan.TrainingExamples];
    private int orderedEpoch = -1;
    private Found latest = new();
    private Found previous = new();

    /// <summary>
    /// The examples of a step's nodes, node after node; valid until the second call from now, so that those of the next step can be
    /// asked for while these are in use. They are found again without looking.
    /// </summary>
    public ReadOnlySpan<int> Of(int epoch, long step, IReadOnlyList<ShardNode> nodes)
    {
        if (!latest.Is(epoch, step, nodes))
        {
            (latest, previous) = (previous, latest);
            latest.Begin(epoch, step, nodes);
            Find(epoch, step, nodes, latest.Examples);
        }

        return CollectionsMarshal.AsSpan(latest.Examples);
    }

    private void Find(int epoch, long step, IReadOnlyList<ShardNode> nodes, List<int> examples)
    {
        if (orderedEpoch != epoch)
        {
            EpochOrder.Fill(seed, epoch, shuffle, order);
            orderedEpoch = epoch;
        }

        (int first, int last) = plan.PositionsOf(step);
        foreach (ShardNode node in nodes)
        {
            (int start, int end) = ShardCut.Range(node, plan.Shards, last - first);
            examples.AddRange(order.AsSpan(first + start, end - start));
        }
    }

    /// <summary>What was asked for, and found.</summary>
    private sealed class Found
    {
        private readonly List<ShardNode> nodes = [];
        private int epoch = -1;
        private long step;

        public List<int> Examples { get; } = [];

        public bool Is(int askedEpoch, long askedStep, IReadOnlyList<ShardNode> askedNodes) =>
            epoch == askedEpoch && step == askedStep && nodes.SequenceEqual(askedNodes);

        public void Begin(int askedEpoch, long askedStep, IReadOnlyList<ShardNode> askedNodes)
        {
            (epoch, step) = (askedEpoch, askedStep);
            nodes.Clear();
            nodes.AddRange(askedNodes);
            Examples.Clear();
        }
    }
}
