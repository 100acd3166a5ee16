namespace Backprop.Core.LinearAlgebra;

/// <summary>One product as its rectangles see it.</summary>
internal readonly struct ProductRequest
{
    public required Operand A { get; init; }

    public required Operand B { get; init; }

    public required ColumnBlock C { get; init; }

    /// <summary>The first inner index; the leaves' columns follow it.</summary>
    public required int FirstDepth { get; init; }

    /// <summary>How many inner indices the leaves cover together; at least 1.</summary>
    public required int Depth { get; init; }

    /// <summary>Only for a sum over more than one leaf; with one, the inner index may be cut into blocks.</summary>
    public required Leaf[]? Leaves { get; init; }

    public required int LeafCount { get; init; }
}
