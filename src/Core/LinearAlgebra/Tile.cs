namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// What a kernel computes: up to two vectors of rows times a few columns of C, over leaves of a sum tree side by side.
/// Strides are in elements.
/// </summary>
internal unsafe struct Tile
{
    /// <summary>The rows' first element of A at the first inner index; rows lie side by side.</summary>
    public float* A;

    /// <summary>From one inner index to the next.</summary>
    public nint AStep;

    /// <summary>
    /// The second vector's first row in the tile: 0 … lanes. Below the number of lanes the vectors overlap, and both
    /// compute the same bits for the rows they share.
    /// </summary>
    public nint SecondRow;

    /// <summary>The columns' first element of B at the first inner index.</summary>
    public float* B;

    /// <summary>From one inner index to the next; unused when B is packed.</summary>
    public nint BStep;

    /// <summary>From one column to the next; unused when B is packed.</summary>
    public nint BColumn;

    /// <summary>Where the sum behind the last leaf goes: to C, or to wait on the stack for the leaves of a later call.</summary>
    public float* C;

    /// <summary>There, from one column to the next.</summary>
    public nint CColumn;

    /// <summary>There, from the first vector of a column to the second. Without a tree it is <see cref="SecondRow"/>.</summary>
    public nint CSecond;

    /// <summary>Columns that are stored, at least 1; the kernel's others repeat the last one.</summary>
    public int Columns;

    /// <summary>True: the sums go on from what C holds. Only with a single leaf.</summary>
    public bool Continues;

    public Leaf* Leaves;

    public int LeafCount;

    /// <summary>Where the next sum that waits goes, two vectors for each of the kernel's columns, behind those that wait already and are read.</summary>
    public float* Stack;

    /// <summary>Takes the rows of a panel of A, from the block's first inner index on.</summary>
    public void TakeRows(in ProductBlock block, int row, int height, VectorWidth vectors)
    {
        A = block.PackedA is null ? block.A + row : block.PackedA + ((nint)row * block.Depth);
        AStep = block.PackedA is null ? block.ADepth : height;
        SecondRow = CSecond = height - (int)vectors;
    }
}

/// <summary>B's panel lies packed: the kernel's columns side by side, one inner index after the other.</summary>
internal readonly struct PackedColumns;

/// <summary>B's columns lie where they are, at <see cref="Tile.BStep"/> and <see cref="Tile.BColumn"/>.</summary>
internal readonly struct StridedColumns;
