using Backprop.Core.Elements;
using Backprop.Core.Model;

namespace Backprop.Core.Sharding;

/// <summary>
/// The one fixed binary tree along which shards' sums are added. A node is left + right, element by element in single
/// precision, its cost in double precision; an empty child is skipped, so that the node is its other child.
/// </summary>
public static class ReductionTree
{
    /// <summary>target ← target + right, the totals too. Nothing is added to or from a node without examples.</summary>
    /// <param name="target">The left child; receives their parent.</param>
    public static void Add(GradientSum target, GradientSum right)
    {
        if (right.Totals.ExampleCount == 0)
            return;

        if (target.Totals.ExampleCount == 0)
        {
            for (int layer = 0; layer < target.Layers.Count; layer++)
                right.Layers[layer].CopyTo(target.Layers[layer]);
            target.Totals = right.Totals;
            return;
        }

        AddLayers(target.Layers, right.Layers, target.Layers);
        target.Totals += right.Totals;
    }

    /// <summary>target ← left + right for every layer; neither may be the sum of an empty node.</summary>
    /// <param name="target">May be one of the two.</param>
    public static void AddLayers(
        IReadOnlyList<LayerParameters> left, IReadOnlyList<LayerParameters> right, IReadOnlyList<LayerParameters> target)
    {
        for (int layer = 0; layer < target.Count; layer++)
            AddLayer(left[layer], right[layer], target[layer], ..);
    }

    /// <summary>target ← left + right for some of a layer's numbers.</summary>
    /// <inheritdoc cref="AddLayers"/>
    public static void AddLayer(LayerParameters left, LayerParameters right, LayerParameters target, Range numbers) =>
        ElementLoop.Map(default(Sum), left.Numbers.Span[numbers], right.Numbers.Span[numbers], target.Numbers.Span[numbers]);

    /// <summary>The fewest nodes that together are shards [firstShard, endShard), in ascending order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not one.</exception>
    public static IReadOnlyList<ShardNode> Cover(int firstShard, int endShard)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstShard);
        ArgumentOutOfRangeException.ThrowIfLessThan(endShard, firstShard);
        var nodes = new List<ShardNode>();
        while (firstShard < endShard)
        {
            // The largest aligned range from here that does not go beyond the end.
            int count = firstShard == 0 ? 1 << 30 : firstShard & -firstShard;
            while (count > endShard - firstShard)
                count /= 2;
            nodes.Add(new ShardNode(firstShard, count));
            firstShard += count;
        }

        return nodes;
    }

    /// <summary>True when none of the node's shards has an example: then it takes no part in the sum.</summary>
    public static bool IsEmpty(ShardNode node, int shardCount, int batchSize)
    {
        (int start, int end) = ShardCut.Range(node, shardCount, batchSize);
        return start == end;
    }

    /// <summary>A node's totals from those of its shards.</summary>
    /// <param name="shards">One a shard, a power of two of them; empty ones have no examples.</param>
    public static NodeTotals Total(ReadOnlySpan<NodeTotals> shards)
    {
        if (shards.Length == 1)
            return shards[0];
        NodeTotals left = Total(shards[..(shards.Length / 2)]);
        NodeTotals right = Total(shards[(shards.Length / 2)..]);
        if (right.ExampleCount == 0)
            return left;
        return left.ExampleCount == 0 ? right : left + right;
    }
}
