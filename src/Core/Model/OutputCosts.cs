using Backprop.Core.Costs;

namespace Backprop.Core.Model;

/// <summary>Each example's cost, and whether the network's answer is its class.</summary>
internal sealed class OutputCosts(ForwardPass forward, ICost cost)
{
    private readonly double[] costs = new double[forward.Capacity];
    private readonly bool[] correct = new bool[forward.Capacity];
    private readonly double[] scratch = new double[forward.OutputWeightedInput(new ColumnRange(0, forward.Capacity)).Values.Length];

    /// <summary>A column's example counts for 1, its cost and its answer.</summary>
    public NodeTotals TotalsOf(int column) => new(1, correct[column] ? 1 : 0, costs[column]);

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
