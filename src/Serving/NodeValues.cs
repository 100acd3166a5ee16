using Backprop.Scheduling;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Core.Training;

namespace Backprop.Serving;

/// <summary>A value of a node, and who gave it.</summary>
/// <param name="Worker">None: the coordinator computed it itself.</param>
/// <param name="Sum">The gradient; null for a node of an evaluation.</param>
internal readonly record struct NodeValue(WorkerId? Worker, string Name, GradientSum? Sum, NodeTotals Totals)
{
    public bool HasSameBits(NodeValue other) => Sum is { } sum && other.Sum is { } others
        ? sum.HasSameBits(others)
        : Totals.HasSameBits(other.Totals);

    public bool IsFinite => Sum?.IsFinite() ?? double.IsFinite(Totals.Cost);
}

/// <summary>The values of the current work's nodes, added along the fixed tree once all are there.</summary>
internal sealed class NodeValues(GradientPool pool, ModelTeam team)
{
    private readonly Dictionary<ShardNode, NodeValue> values = [];
    private readonly Dictionary<ShardNode, string> givers = [];
    private readonly List<GradientSum> added = [];

    /// <summary>Who gave which value.</summary>
    public IReadOnlyDictionary<ShardNode, NodeValue> All => values;

    /// <summary>The names of who gave them.</summary>
    public IReadOnlyDictionary<ShardNode, string> Givers => givers;

    public void Keep(ShardNode node, NodeValue value)
    {
        values.Add(node, value);
        givers.Add(node, value.Name);
    }

    /// <summary>Puts a value in the place of the one that was kept.</summary>
    public void Replace(ShardNode node, NodeValue value)
    {
        Discard(node);
        Keep(node, value);
    }

    public void Discard(ShardNode node)
    {
        givers.Remove(node);
        if (values.Remove(node, out NodeValue dropped) && dropped.Sum is { } sum)
            pool.Return(sum);
    }

    /// <summary>
    /// A node's value, added from those below it where it is not kept itself; no sum for a node of an evaluation. It stays in the
    /// pool's hands: valid until <see cref="Clear"/>.
    /// </summary>
    public (GradientSum? Sum, NodeTotals Totals) Of(ShardNode node) => Find(node) ?? default;

    /// <summary>What the root counts.</summary>
    public NodeTotals Totals(int shardCount) => Find(new ShardNode(0, shardCount))?.Totals ?? default;

    /// <summary>The root's value, its last addition left to do, with a value that is not kept yet.</summary>
    /// <returns>Null where it takes more additions than the last.</returns>
    public RootSum? RootWith(ShardNode node, GradientSum sum, int shardCount)
    {
        var whole = new ShardNode(0, shardCount);
        RootSum? root = node == whole ? Whole((sum, sum.Totals))
            : whole.IsLeaf ? null
            : node == whole.Left && KeptSum(whole.Right) is { } right ? Halves(sum, right)
            : node == whole.Right && KeptSum(whole.Left) is { } left ? Halves(left, sum)
            : null;
        if (root is not null)
        {
            TakeOver();
            (sum as SlotSum)?.TakeOver();
        }

        return root;
    }

    /// <summary>The root's value, its last addition left to do. It stays in the pool's hands: valid until <see cref="Clear"/>.</summary>
    public RootSum Root(int shardCount)
    {
        TakeOver();
        var root = new ShardNode(0, shardCount);
        if (root.IsLeaf || values.ContainsKey(root))
            return Whole(Find(root));
        var left = Find(root.Left);
        var right = Find(root.Right);
        return left is { Sum: { } first } && right is { Sum: { } second }
            ? Halves(first, second)
            : Whole(left ?? right);
    }

    /// <summary>Gives all gradients back for the next work.</summary>
    public void Clear()
    {
        foreach (NodeValue value in values.Values)
        {
            if (value.Sum is not null)
                pool.Return(value.Sum);
        }

        values.Clear();
        givers.Clear();
        foreach (GradientSum sum in added)
            pool.Return(sum);
        added.Clear();
    }

    private void TakeOver()
    {
        foreach (NodeValue value in values.Values)
            (value.Sum as SlotSum)?.TakeOver();
    }

    private GradientSum? KeptSum(ShardNode node) => values.GetValueOrDefault(node).Sum;

    private static RootSum Halves(GradientSum left, GradientSum right) => new(left.Layers, right.Layers, left.Totals + right.Totals);

    private static RootSum Whole((GradientSum? Sum, NodeTotals Totals)? value) => new(value?.Sum?.Layers ?? [], null, value?.Totals ?? default);

    /// <summary>A node's value: kept, or left + right; a child without examples is skipped.</summary>
    private (GradientSum? Sum, NodeTotals Totals)? Find(ShardNode node)
    {
        if (values.TryGetValue(node, out NodeValue kept))
            return (kept.Sum, kept.Totals);
        if (node.IsLeaf)
            return null;
        var left = Find(node.Left);
        var right = Find(node.Right);
        if (left is null || right is null)
            return left ?? right;
        if (left.Value.Sum is not { } first || right.Value.Sum is not { } second)
            return (null, left.Value.Totals + right.Value.Totals);
        GradientSum target = TargetFor(first);
        team.Add(first, second, target);
        return (target, target.Totals);
    }

    /// <summary>
    /// Where a sum with this value goes. Sums are not written into slots: a worker writes next what it has written before.
    /// </summary>
    private GradientSum TargetFor(GradientSum left)
    {
        if (left is not SlotSum)
            return left;
        GradientSum target = pool.Rent();
        added.Add(target);
        return target;
    }
}
