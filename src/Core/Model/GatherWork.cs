using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>Copies examples into the columns of X and Y.</summary>
internal sealed class GatherWork : ColumnWork
{
    private int[] indices = [];

    public ExampleSet? Examples { get; set; }

    public ColumnBlock Inputs { get; set; }

    public ColumnBlock Targets { get; set; }

    /// <summary>Which examples, one a column.</summary>
    public Span<int> Indices(int count)
    {
        if (indices.Length < count)
            indices = new int[count];
        return indices.AsSpan(0, count);
    }

    public override void Process(int first, int count)
    {
        ReadOnlySpan<int> examples = indices.AsSpan(first, count);
        Examples!.CopyInputs(examples, Inputs.Slice(first, count));
        Examples.CopyTargets(examples, Targets.Slice(first, count));
    }
}
