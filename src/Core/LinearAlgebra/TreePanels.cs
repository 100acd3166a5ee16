using System.Runtime.CompilerServices;

namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// The tiles of a block whose sums go along a tree. A tree has all inner indices at once, too many for the first-level cache; so some
/// tiles side by side take one group of leaves after the other, and each keeps its sums that wait on a stack of its own.
/// </summary>
internal sealed unsafe class TreePanels(VectorWidth widest)
{
    private LeafGroup[] groups = new LeafGroup[8];
    private int groupCount;

    public KernelTable Kernels { get; } = new(widest, forTrees: true);

    /// <summary>Elements of all stacks together.</summary>
    public int StackLength(int leafCount) => BlockSizes.TreeTiles * TileStack(leafCount);

    /// <param name="tile">With the tree's leaves and room for <see cref="StackLength"/> elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Compute(in ProductBlock block, Tile tile)
    {
        int groupDepth = BlockSizes.TreeDepth(widest, block.IsBPacked);
        if (groups.Length < (block.Depth / groupDepth) + 1)
            groups = new LeafGroup[(block.Depth / groupDepth) + 1];
        groupCount = SumTree.Group(tile.Leaves, tile.LeafCount, groupDepth, groups);
        int wide = Kernels.WideColumns;
        int fullEnd = block.Columns / wide * wide;
        int strip = groupCount == 1 ? fullEnd : BlockSizes.TreeTiles * wide;
        for (int row = 0, height; row < block.Rows; row += height)
        {
            (height, VectorWidth vectors) = RowPanels.Next(block.Rows - row, widest);
            tile.TakeRows(block, row, height, vectors);
            tile.C = block.C + row;
            for (int column = 0; column < fullEnd; column += strip)
                Strip(block, tile, vectors, column, Math.Min(column + strip, fullEnd), wide);
            if (fullEnd < block.Columns)
                Strip(block, tile, vectors, fullEnd, block.Columns, Kernels.ColumnsOf(block.Columns - fullEnd));
        }
    }

    /// <summary>Columns [first, end) of a row panel: each group of leaves by all tiles.</summary>
    /// <param name="tile">With its rows; C at the first column.</param>
    /// <param name="kernelColumns">Of each tile; a single one may have fewer.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Strip(in ProductBlock block, Tile tile, VectorWidth vectors, int first, int end, int kernelColumns)
    {
        int lanes = (int)vectors;
        int existing = Math.Min(kernelColumns, end - first);
        // A tree that is one group has all its tiles on one stack, which stays in the cache.
        int stackLength = groupCount == 1 ? 0 : TileStack(tile.LeafCount);
        float* stack = tile.Stack;
        float* a = tile.A;
        float* c = tile.C + (first * block.CColumn);
        float* b = TakeColumns(block, first, existing, kernelColumns, out bool isPacked);
        nint bTile = isPacked ? kernelColumns * block.Depth : kernelColumns * block.BLane;
        nint bDepth = isPacked ? kernelColumns : block.BDepth;
        (tile.BStep, tile.BColumn) = (block.BDepth, block.BLane);
        delegate*<Tile*, void> kernel = Kernels.Kernel(vectors, kernelColumns, isPacked);
        int depth = 0;
        int waiting = 0;
        for (int i = 0; i < groupCount; i++)
        {
            ref readonly LeafGroup group = ref groups[i];
            tile.LeafCount = group.LeafCount;
            tile.A = a + (depth * tile.AStep);
            tile.B = b + (depth * bDepth);
            tile.Stack = stack + (waiting * 2 * lanes * kernelColumns);
            nint cTile = stackLength;
            if (i == groupCount - 1)
            {
                (tile.CColumn, tile.CSecond, tile.Columns) = (block.CColumn, tile.SecondRow, existing);
                tile.C = c;
                cTile = kernelColumns * block.CColumn;
            }
            else
            {
                // As kernels find it when they add what waits.
                (tile.CColumn, tile.CSecond, tile.Columns) = (2 * lanes, lanes, kernelColumns);
                tile.C = tile.Stack + ((group.Waiting - 1) * 2 * lanes * kernelColumns);
            }

            for (int column = first; column < end; column += kernelColumns)
            {
                kernel(&tile);
                tile.B += bTile;
                tile.C += cTile;
                tile.Stack += stackLength;
            }

            tile.Leaves += group.LeafCount;
            depth += group.Columns;
            waiting += group.Waiting;
        }
    }

    /// <summary>Where columns of B begin; a few last ones are packed, so that the kernel finds the last one again in place of those it lacks.</summary>
    private static float* TakeColumns(in ProductBlock block, int first, int existing, int kernelColumns, out bool isPacked)
    {
        float* b = block.B + (first * block.BLane);
        isPacked = block.IsBPacked || existing < kernelColumns;
        if (block.IsBPacked)
            return block.PackedB + ((nint)first * block.Depth);
        if (!isPacked)
            return b;
        Packing.Pack(b, block.BLane, block.BDepth, existing, block.Depth, block.NarrowB, kernelColumns);
        return block.NarrowB;
    }

    /// <summary>A tile of sums for each level of the tree.</summary>
    private int TileStack(int leafCount) => 2 * (int)widest * Kernels.WideColumns * (int.Log2(leafCount) + 2);
}
