namespace Backprop.Core.LinearAlgebra;

/// <summary>A block of a product: where its operands and C begin, with strides in elements, and what of them has been packed.</summary>
internal unsafe struct ProductBlock
{
    public float* A;

    public nint ALane;

    public nint ADepth;

    public float* B;

    public nint BLane;

    public nint BDepth;

    public float* C;

    /// <summary>From one column of C to the next.</summary>
    public nint CColumn;

    public int Rows;

    public int Columns;

    /// <summary>Inner indices.</summary>
    public int Depth;

    /// <summary>The panels of A; null: they are read where they lie.</summary>
    public float* PackedA;

    /// <summary>The panels of B; null: they are read where they lie, or come to <see cref="NarrowB"/>.</summary>
    public float* PackedB;

    /// <summary>Room for one panel of B that has fewer columns than its kernel.</summary>
    public float* NarrowB;

    public readonly bool IsBPacked => PackedB is not null;

    /// <summary>Where a panel of B begins, packed or as it lies.</summary>
    /// <param name="column">Its first, at a panel's beginning where B is packed.</param>
    public readonly float* PanelOfB(int column) => IsBPacked ? PackedB + ((nint)column * Depth) : B + (column * BLane);

    /// <summary>Packs columns of B as they lie.</summary>
    /// <param name="kernelColumns">Of the panel; those that B lacks repeat the last one.</param>
    public readonly void PackB(int column, int columns, float* panel, int kernelColumns) =>
        Packing.Pack(B + (column * BLane), BLane, BDepth, columns, Depth, panel, kernelColumns);
}
