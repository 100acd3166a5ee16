namespace Backprop.Core.Model;

/// <summary>What a node of the reduction tree counts beside its gradient.</summary>
/// <param name="ExampleCount">Examples summed.</param>
/// <param name="CorrectCount">Examples whose largest output is their class (the first among equals).</param>
/// <param name="Cost">Σ cost over the examples, in double precision: a sum, not a mean.</param>
public readonly record struct NodeTotals(int ExampleCount, int CorrectCount, double Cost)
{
    public static NodeTotals operator +(NodeTotals left, NodeTotals right) => Add(left, right);

    /// <summary>left + right, as the tree adds.</summary>
    public static NodeTotals Add(NodeTotals left, NodeTotals right) =>
        new(left.ExampleCount + right.ExampleCount, left.CorrectCount + right.CorrectCount, left.Cost + right.Cost);

    /// <summary>Equal, the cost bit by bit.</summary>
    public bool HasSameBits(NodeTotals other) =>
        (ExampleCount, CorrectCount, BitConverter.DoubleToInt64Bits(Cost))
        == (other.ExampleCount, other.CorrectCount, BitConverter.DoubleToInt64Bits(other.Cost));
}
