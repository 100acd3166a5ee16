using System.Runtime.CompilerServices;

namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// The tiles of a block whose sums go along a tree. A tree has all inner indices at once, too many for the first-level cache; so some
/// tiles side by side take one group of leaves after the other, and each keeps its sums that wait on a stack of its own.
/// </summary>
/// <param name="longLeaves">For leaves of <see cref="BlockSizes.LongLeaf"/> inner indices or more on average, or for shorter ones.</param>
internal sealed unsafe class TreePanels(VectorWidth widest, bool longLeaves)
{
    private readonly LeafGroups groups = new();

    public KernelTable Kernels { get; } = new(widest, BlockSizes.TreeColumns(widest, longLeaves), forTrees: true);

    /// <inheritdoc cref="BlockSizes.PacksTreeB"/>
    public bool PacksB(in ProductBlock area) => BlockSizes.PacksTreeB(widest, longLeaves, area.Rows, area.BDepth);

    /// <summary>Cuts the tree of the blocks that follow into groups.</summary>
    /// <returns>Elements of all tiles' stacks together.</returns>
    public int Plan(Leaf* leaves, int leafCount, bool packedB)
    {
        groups.Plan(leaves, leafCount, BlockSizes.TreeDepth(widest, packedB));
        return BlockSizes.TreeTiles * TileStack;
    }

    /// <param name="tile">With the tree's leaves, and room for the stacks.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Compute(in ProductBlock block, Tile tile)
    {
        int wide = Kernels.WideColumns;
        int fullEnd = block.Columns / wide * wide;
        int strip = groups.Count == 1 ? fullEnd : BlockSizes.TreeTiles * wide;
        int narrow = block.Columns - fullEnd;
        int narrowKernel = Kernels.ColumnsOf(narrow);
        bool packsNarrow = !block.IsBPacked && narrow > 0 && narrow < narrowKernel;
        if (packsNarrow)
            block.PackB(fullEnd, narrow, block.NarrowB, narrowKernel);

        // All row panels take some columns before the next: their part of B stays in the second-level cache, beside the block of A.
        for (int column = 0, columns; column < block.Columns; column += columns)
        {
            bool isNarrow = column == fullEnd;
            bool isPacked = block.IsBPacked || (isNarrow && packsNarrow);
            columns = isNarrow ? narrow : Math.Min(strip, fullEnd - column);
            float* b = isNarrow && packsNarrow ? block.NarrowB : block.PanelOfB(column);
            for (int row = 0, height; row < block.Rows; row += height)
            {
                (height, VectorWidth vectors) = RowPanels.Next(block.Rows - row, widest);
                tile.TakeRows(block, row, height, vectors);
                tile.B = b;
                tile.C = block.C + row + (column * block.CColumn);
                Strip(block, tile, vectors, columns, isNarrow ? narrowKernel : wide, isPacked);
            }
        }
    }

    /// <summary>Some columns of a row panel: each group of leaves by all tiles.</summary>
    /// <param name="tile">With its rows, and B and C at the first of the columns.</param>
    /// <param name="columns">A multiple of the kernel's, or fewer.</param>
    /// <param name="kernelColumns">Of each tile.</param>
    /// <param name="isPacked">Whether these columns of B are.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Strip(in ProductBlock block, Tile tile, VectorWidth vectors, int columns, int kernelColumns, bool isPacked)
    {
        int lanes = (int)vectors;
        int sumLength = 2 * lanes * kernelColumns;
        // A tree that is one group has all its tiles on one stack, which stays in the cache.
        int stackLength = groups.Count == 1 ? 0 : TileStack;
        float* stack = tile.Stack;
        float* a = tile.A;
        float* b = tile.B;
        float* c = tile.C;
        nint bTile = kernelColumns * (isPacked ? block.Depth : block.BLane);
        nint bDepth = isPacked ? kernelColumns : block.BDepth;
        (tile.BStep, tile.BColumn) = (block.BDepth, block.BLane);
        delegate*<Tile*, void> kernel = Kernels.Kernel(vectors, kernelColumns, isPacked);
        int depth = 0;
        int waiting = 0;
        for (int i = 0; i < groups.Count; i++)
        {
            ref readonly LeafGroup group = ref groups[i];
            tile.LeafCount = group.LeafCount;
            tile.A = a + (depth * tile.AStep);
            tile.B = b + (depth * bDepth);
            tile.Stack = stack + (waiting * sumLength);
            nint cTile = stackLength;
            if (i == groups.Count - 1)
            {
                (tile.CColumn, tile.CSecond, tile.Columns) = (block.CColumn, tile.SecondRow, Math.Min(columns, kernelColumns));
                tile.C = c;
                cTile = kernelColumns * block.CColumn;
            }
            else
            {
                // As kernels lay their own sums there: two whole vectors a column, of columns that C lacks too.
                (tile.CColumn, tile.CSecond, tile.Columns) = (2 * lanes, lanes, kernelColumns);
                tile.C = tile.Stack + ((group.Waiting - 1) * sumLength);
            }

            for (int column = 0; column < columns; column += kernelColumns)
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

    /// <summary>Of one tile. A line more than its sums, so that tiles' sums do not lie a power of two apart and share few sets of the cache.</summary>
    private int TileStack => (groups.MostWaiting * 2 * (int)widest * Kernels.WideColumns) + BlockSizes.CacheLine;
}
