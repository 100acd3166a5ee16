using System.Numerics;
using System.Runtime.CompilerServices;

namespace Backprop.Core.LinearAlgebra;

/// <summary>The kernels that a product with tiles of some widest width can need, looked up without a search.</summary>
internal sealed unsafe class KernelTable
{
    private readonly nint[] entries = new nint[32];

    public KernelTable(VectorWidth widest)
    {
        for (VectorWidth width = widest; ; width = width.Narrower())
        {
            foreach (bool wide in (ReadOnlySpan<bool>)[false, true])
            {
                int columns = wide ? BlockSizes.Columns(widest) : MicroKernels.NarrowColumns;
                entries[Index(width, wide, false)] = (nint)MicroKernels.For(width, columns, false);
                entries[Index(width, wide, true)] = (nint)MicroKernels.For(width, columns, true);
            }

            if (width == VectorWidth.Scalar)
                return;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(VectorWidth width, bool wide, bool packed, Tile* tile) =>
        ((delegate*<Tile*, void>)entries[Index(width, wide, packed)])(tile);

    private static int Index(VectorWidth width, bool wide, bool packed) =>
        (BitOperations.Log2((uint)width) * 4) + (wide ? 2 : 0) + (packed ? 1 : 0);
}
