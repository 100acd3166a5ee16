using System.Numerics;
using System.Runtime.CompilerServices;

namespace Backprop.Core.LinearAlgebra;

/// <summary>The kernels that products with tiles of some widest width can need, looked up without a search.</summary>
internal sealed unsafe class KernelTable
{
    private readonly nint[] entries = new nint[32];

    /// <param name="widest">Of the tiles' vectors.</param>
    /// <param name="wideColumns">Columns of the wide kernel.</param>
    /// <param name="tree">True: kernels that keep several leaves of a tree in registers, where such exist.</param>
    public KernelTable(VectorWidth widest, int wideColumns, bool tree)
    {
        WideColumns = wideColumns;
        for (VectorWidth width = widest; ; width = width.Narrower())
        {
            foreach (bool wide in (ReadOnlySpan<bool>)[false, true])
            {
                int columns = wide ? wideColumns : MicroKernels.NarrowColumns;
                entries[Index(width, wide, false)] = (nint)MicroKernels.For(width, columns, false, tree);
                entries[Index(width, wide, true)] = (nint)MicroKernels.For(width, columns, true, tree);
            }

            if (width == VectorWidth.Scalar)
                return;
        }
    }

    public int WideColumns { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(VectorWidth width, bool wide, bool packed, Tile* tile) =>
        ((delegate*<Tile*, void>)entries[Index(width, wide, packed)])(tile);

    private static int Index(VectorWidth width, bool wide, bool packed) =>
        (BitOperations.Log2((uint)width) * 4) + (wide ? 2 : 0) + (packed ? 1 : 0);
}
