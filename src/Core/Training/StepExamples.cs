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
    private readonly List<int> examples = [];
    private int orderedEpoch = -1;

    /// <summary>The examples of a step's nodes, node after node; valid until the next call.</summary>
    public ReadOnlySpan<int> Of(int epoch, long step, IReadOnlyList<ShardNode> nodes)
    {
        if (orderedEpoch != epoch)
        {
            EpochOrder.Fill(seed, epoch, shuffle, order);
            orderedEpoch = epoch;
        }

        (int first, int last) = plan.PositionsOf(step);
        examples.Clear();
        foreach (ShardNode node in nodes)
        {
            (int start, int end) = ShardCut.Range(node, plan.Shards, last - first);
            examples.AddRange(order.AsSpan(first + start, end - start));
        }

        return CollectionsMarshal.AsSpan(examples);
    }
}
