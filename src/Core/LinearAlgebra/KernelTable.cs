using System.Numerics;
using System.Runtime.CompilerServices;

namespace Backprop.Core.LinearAlgebra;

/// <summary>The kernels that products with tiles of some widest width can need, looked up without a search.</summary>
internal sealed unsafe class KernelTable
{
    // For up to 8 columns, an even number, either packed or not.
    private const int Kinds = 10;

    private readonly nint[] entries = new nint[8 * Kinds];
    private readonly bool forTrees;

    /// <param name="widest">Of the tiles' vectors.</param>
    /// <param name="wideColumns">Of the widest tile: 4, 6 or 8.</param>
    /// <param name="forTrees">Sums over several leaves.</param>
    public KernelTable(VectorWidth widest, int wideColumns, bool forTrees)
    {
        this.forTrees = forTrees;
        WideColumns = wideColumns;
        bool manyInRegisters = forTrees && BlockSizes.HasManyRegisters(widest);
        for (VectorWidth width = widest; ; width = width.Narrower())
        {
            foreach (int columns in (ReadOnlySpan<int>)[MicroKernels.PairColumns, MicroKernels.NarrowColumns, WideColumns])
            {
                if (forTrees && columns == MicroKernels.PairColumns)
                    continue;
                entries[Index(width, columns, false)] = (nint)MicroKernels.For(width, columns, false, manyInRegisters);
                entries[Index(width, columns, true)] = (nint)MicroKernels.For(width, columns, true, manyInRegisters);
            }

            if (width == VectorWidth.Scalar)
                return;
        }
    }

    /// <summary>Columns of the widest tile.</summary>
    public int WideColumns { get; }

    /// <summary>How many of the columns that are left the next tile takes.</summary>
    public int WidthOf(int columns) =>
        forTrees || columns >= WideColumns ? Math.Min(WideColumns, columns)
        : columns >= MicroKernels.NarrowColumns ? MicroKernels.NarrowColumns
        : Math.Min(columns, MicroKernels.PairColumns);

    /// <summary>Columns of the kernel for a tile of some width: as many or more.</summary>
    public int ColumnsOf(int width) =>
        width > MicroKernels.NarrowColumns ? WideColumns
        : forTrees || width > MicroKernels.PairColumns ? MicroKernels.NarrowColumns
        : MicroKernels.PairColumns;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(VectorWidth width, int columns, bool packed, Tile* tile) => Kernel(width, columns, packed)(tile);

    public delegate*<Tile*, void> Kernel(VectorWidth width, int columns, bool packed) =>
        (delegate*<Tile*, void>)entries[Index(width, columns, packed)];

    private static int Index(VectorWidth width, int columns, bool packed) =>
        (BitOperations.Log2((uint)width) * Kinds) + columns + (packed ? 1 : 0);
}
