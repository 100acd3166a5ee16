namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// A or B as a kernel sees it: lanes (rows of A, columns of B) by depth (the inner index), each with its stride, so
/// that a transposed matrix is the same storage with the strides exchanged. One of the two strides is 1.
/// </summary>
internal readonly struct Operand
{
    private Operand(ColumnBlock block, bool lanesAreRows)
    {
        Memory = block.Memory;
        LaneStride = lanesAreRows ? 1 : block.Rows;
        DepthStride = lanesAreRows ? block.Rows : 1;
    }

    public Memory<float> Memory { get; }

    public nint LaneStride { get; }

    public nint DepthStride { get; }

    /// <summary>The block's rows are lanes, its columns the inner index.</summary>
    public static Operand LanesAreRows(ColumnBlock block) => new(block, true);

    /// <summary>The block's columns are lanes, its rows the inner index.</summary>
    public static Operand LanesAreColumns(ColumnBlock block) => new(block, false);
}
