using Backprop.Coordinator.Transport;
using Backprop.Core.Model;
using Backprop.Core.Sharding;

namespace Backprop.Coordinator;

/// <summary>The values of the current work's nodes, added along the fixed tree once all are there.</summary>
internal sealed class NodeValues(GradientPool pool)
{
    private readonly Dictionary<ShardNode, (GradientSum? Sum, NodeTotals Totals)> values = [];

    public void Keep(ShardNode node, GradientSum? sum, NodeTotals totals) => values.Add(node, (sum, totals));

    /// <summary>The root's value. Its gradient stays in the pool's hands: valid until <see cref="Clear"/>.</summary>
    public (GradientSum? Sum, NodeTotals Totals) Root(int shardCount) => Find(new ShardNode(0, shardCount)) ?? default;

    /// <summary>Gives all gradients back for the next work.</summary>
    public void Clear()
    {
        foreach ((GradientSum? sum, _) in values.Values)
        {
            if (sum is not null)
                pool.Return(sum);
        }

        values.Clear();
    }

    /// <summary>A node's value: kept, or left + right; a child without examples is skipped.</summary>
    private (GradientSum? Sum, NodeTotals Totals)? Find(ShardNode node)
    {
        if (values.TryGetValue(node, out (GradientSum? Sum, NodeTotals Totals) kept))
            return kept;
        if (node.IsLeaf)
            return null;
        var left = Find(node.Left);
        var right = Find(node.Right);
        if (left is null || right is null)
            return left ?? right;
        if (left.Value.Sum is { } target && right.Value.Sum is { } added)
            ReductionTree.Add(target, added);
        return (left.Value.Sum, left.Value.Totals + right.Value.Totals);
    }
}
