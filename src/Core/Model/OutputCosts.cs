using Backprop.Core.Costs;
using Backprop.Core.Sharding;

namespace Backprop.Core.Model;

/// <summary>Each example's cost, and whether the network's answer is its class.</summary>
internal sealed class OutputCosts(ForwardPass forward, ICost cost)
{
    private readonly double[] costs = new double[forward.Capacity];
    private readonly bool[] correct = new bool[forward.Capacity];
    private readonly double[] scratch = new double[forward.OutputWeightedInput(new ColumnRange(0, forward.Capacity)).Values.Length];
    private NodeTotals[] shardTotals = [];

    /// <summary>A column's example counts for 1, its cost and its answer.</summary>
    public NodeTotals TotalsOf(int column) => new(1, correct[column] ? 1 : 0, costs[column]);

    /// <summary>A node's totals, along the tree over its shards.</summary>
    /// <param name="columns">The node's.</param>
    /// <param name="shardStarts">The first column of each of its shards, and the end, counted from the node's first.</param>
    public NodeTotals TotalsOf(ColumnRange columns, ReadOnlySpan<int> shardStarts)
    {
        Span<NodeTotals> totals = ShardTotals(shardStarts.Length - 1);
        for (int shard = 0; shard < totals.Length; shard++)
        {
            NodeTotals sum = default;
            for (int column = shardStarts[shard]; column < shardStarts[shard + 1]; column++)
                sum += TotalsOf(columns.First + column);
            totals[shard] = sum;
        }

        return ReductionTree.Total(totals);
    }

    /// <summary>Room for the totals of so many shards, until the next call.</summary>
    public Span<NodeTotals> ShardTotals(int count)
    {
        if (shardTotals.Length < count)
            shardTotals = new NodeTotals[count];
        return shardTotals.AsSpan(0, count);
    }

    public void Compute(ColumnRange columns)
    {
        var weightedInput = forward.OutputWeightedInput(columns);
        var activation = forward.Activation(forward.LayerCount, columns);
        var target = forward.Targets(columns);
        int rows = weightedInput.Rows;
        cost.PerExample(
            weightedInput.Values, activation.Values, target.Values,
            scratch.AsSpan(columns.First * rows, columns.Count * rows), costs.AsSpan(columns.First, columns.Count));
        for (int column = 0; column < columns.Count; column++)
        {
            correct[columns.First + column] =
                Answer.Of(activation.Column(column)) == Answer.Of(target.Column(column));
        }
    }
}
