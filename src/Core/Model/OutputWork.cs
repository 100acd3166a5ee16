using Backprop.Core.Costs;

namespace Backprop.Core.Model;

/// <summary>Each example's cost, and whether the network's answer is its class.</summary>
internal sealed class OutputWork(ForwardPass forward, ICost cost) : ColumnWork
{
    private double[] costs = [];
    private bool[] correct = [];
    private double[] scratch = [];

    /// <summary>A column's example counts for 1, its cost and its answer.</summary>
    public NodeTotals TotalsOf(int column) => new(1, correct[column] ? 1 : 0, costs[column]);

    public void Reserve(int columns)
    {
        if (costs.Length < columns)
        {
            costs = new double[columns];
            correct = new bool[columns];
            scratch = new double[forward.OutputWeightedInput(columns).Values.Length];
        }
    }

    public override void Process(int first, int count)
    {
        var weightedInput = forward.OutputWeightedInput(Columns).Slice(first, count);
        var activation = forward.Activation(forward.LayerCount, Columns).Slice(first, count);
        var target = forward.Targets(Columns).Slice(first, count);
        cost.PerExample(
            weightedInput.Values, activation.Values, target.Values,
            scratch.AsSpan(first * weightedInput.Rows, count * weightedInput.Rows), costs.AsSpan(first, count));
        for (int column = 0; column < count; column++)
        {
            correct[first + column] =
                Answer.Of(activation.Column(column)) == Answer.Of(target.Column(column));
        }
    }
}
