using System.Runtime.CompilerServices;

namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// Computes a rectangle of C. Blocks of A and B are packed where that pays; each tile of C then comes from a kernel
/// that reads its panels in order, a sum along a tree from several calls of it.
/// </summary>
internal sealed unsafe class ProductRectangle(VectorWidth widest)
{
    private readonly AlignedBuffer packedA = new();
    private readonly AlignedBuffer packedB = new();
    private readonly AlignedBuffer stack = new();
    private readonly KernelTable plainKernels = new(widest, BlockSizes.Columns(widest), forTrees: false);
    private readonly TreePanels shortLeaves = new(widest, longLeaves: false);
    private readonly TreePanels longLeaves = new(widest, longLeaves: true);

    /// <summary>Rows [firstRow, endRow) × columns [firstColumn, endColumn) of C.</summary>
    public void Compute(in ProductRequest request, int firstRow, int endRow, int firstColumn, int endColumn)
    {
        if (firstRow >= endRow || firstColumn >= endColumn)
            return;

        fixed (float* a = request.A.Memory.Span, b = request.B.Memory.Span, c = request.C.Values)
        fixed (Leaf* leaves = request.Leaves)
        {
            var area = new ProductBlock
            {
                A = a + (request.FirstDepth * request.A.DepthStride),
                ALane = request.A.LaneStride,
                ADepth = request.A.DepthStride,
                B = b + (request.FirstDepth * request.B.DepthStride),
                BLane = request.B.LaneStride,
                BDepth = request.B.DepthStride,
                C = c,
                CColumn = request.C.Rows,
                Rows = endRow - firstRow,
                Columns = endColumn - firstColumn,
                Depth = request.Depth,
            };
            area.A += firstRow * area.ALane;
            area.B += firstColumn * area.BLane;
            area.C += firstRow + (firstColumn * area.CColumn);
            if (request.LeafCount > 1)
                Block(area, leaves, request.LeafCount, false);
            else
                BlockByDepth(area);
        }
    }

    private void BlockByDepth(ProductBlock area)
    {
        int depth = area.Depth;
        for (int first = 0; first < depth; first += area.Depth)
        {
            int left = depth - first;
            area.Depth = left <= BlockSizes.Depth ? left
                : left < 2 * BlockSizes.Depth ? (left + 1) / 2
                : BlockSizes.Depth;
            var leaf = new Leaf { Columns = area.Depth };
            Block(area, &leaf, 1, first > 0);
            area.A += area.Depth * area.ADepth;
            area.B += area.Depth * area.BDepth;
        }
    }

    private void Block(in ProductBlock area, Leaf* leaves, int leafCount, bool continues)
    {
        bool packA = area.ALane != 1 || area.Columns > BlockSizes.UnpackedAColumns;
        TreePanels? tree = leafCount == 1 ? null : area.Depth < BlockSizes.LongLeaf * leafCount ? shortLeaves : longLeaves;
        bool packB = tree?.PacksB(area) ?? area.Rows > BlockSizes.UnpackedBRows;
        KernelTable kernels = tree?.Kernels ?? plainKernels;
        int wideColumns = kernels.WideColumns;
        int mostColumns = Math.Max(wideColumns, BlockSizes.BElements / area.Depth / wideColumns * wideColumns);
        int fullHeight = 2 * (int)widest;
        int mostRows = Math.Max(fullHeight, BlockSizes.AElements / area.Depth / fullHeight * fullHeight);
        var tile = new Tile { Continues = continues, Leaves = leaves, LeafCount = leafCount };
        tile.Stack = stack.Reserve(tree?.Plan(leaves, leafCount, packB) ?? 0);
        float* aBuffer = packedA.Reserve(packA ? checked(Math.Min(area.Rows, mostRows + (mostRows / 2)) * area.Depth) : 0);
        float* bBuffer = packedB.Reserve(
            checked((packB ? Math.Min(area.Columns, mostColumns) + wideColumns : wideColumns) * area.Depth));
        ProductBlock block = area;
        block.PackedA = packA ? aBuffer : null;
        block.PackedB = packB ? bBuffer : null;
        block.NarrowB = bBuffer;
        for (int firstColumn = 0; firstColumn < area.Columns; firstColumn += mostColumns)
        {
            block.Columns = Math.Min(mostColumns, area.Columns - firstColumn);
            block.B = area.B + (firstColumn * area.BLane);
            if (packB)
                PackColumns(kernels, block);
            for (int firstRow = 0; firstRow < area.Rows; firstRow += block.Rows)
            {
                block.Rows = area.Rows - firstRow;
                if (block.Rows > mostRows + (mostRows / 2))
                    block.Rows = mostRows;

                block.A = area.A + (firstRow * area.ALane);
                block.C = area.C + firstRow + (firstColumn * area.CColumn);
                // Rows that are one block are still there from the columns before.
                if (packA && (firstColumn == 0 || block.Rows < area.Rows))
                    PackRows(block);
                if (tree is null)
                    Panels(block, tile);
                else
                    tree.Compute(block, tile);
            }
        }
    }

    private void PackRows(in ProductBlock block)
    {
        for (int row = 0, height; row < block.Rows; row += height)
        {
            height = RowPanels.Next(block.Rows - row, widest).Height;
            Packing.Pack(
                block.A + (row * block.ALane), block.ALane, block.ADepth, height, block.Depth,
                block.PackedA + ((nint)row * block.Depth), height);
        }
    }

    private static void PackColumns(KernelTable kernels, in ProductBlock block)
    {
        int column = 0;
        if (block.BLane == 1 && BlockSizes.CacheLine % kernels.WideColumns == 0)
        {
            for (; column + BlockSizes.CacheLine <= block.Columns; column += BlockSizes.CacheLine)
                Packing.PackLine(block.B + column, block.BDepth, block.Depth, block.PanelOfB(column), kernels.WideColumns);
        }

        for (int width; column < block.Columns; column += width)
        {
            width = kernels.WidthOf(block.Columns - column);
            block.PackB(column, width, block.PanelOfB(column), kernels.ColumnsOf(width));
        }
    }

    /// <summary>
    /// Panel of B by panel of B, which stays in the first-level cache, each against every panel of A of these rows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Panels(in ProductBlock block, Tile tile)
    {
        tile.CColumn = block.CColumn;
        // Looked up once: few rows are one panel, which as many tiles have as there are panels of B.
        (int firstHeight, VectorWidth firstVectors) = RowPanels.Next(block.Rows, widest);
        for (int column = 0; column < block.Columns;)
        {
            int width = plainKernels.WidthOf(block.Columns - column);
            int kernelColumns = plainKernels.ColumnsOf(width);
            // Two columns where there is one may be the same one twice; more would have to be packed to repeat the last.
            bool packed = block.IsBPacked || (width < kernelColumns && kernelColumns > MicroKernels.PairColumns);
            tile.B = block.PanelOfB(column);
            if (packed && !block.IsBPacked)
            {
                block.PackB(column, width, block.NarrowB, kernelColumns);
                tile.B = block.NarrowB;
            }

            tile.BStep = block.BDepth;
            tile.BColumn = width == 1 ? 0 : block.BLane;
            tile.Columns = width;
            (int height, VectorWidth vectors) = (firstHeight, firstVectors);
            for (int row = 0; row < block.Rows; row += height)
            {
                if (row > 0)
                    (height, vectors) = RowPanels.Next(block.Rows - row, widest);
                tile.TakeRows(block, row, height, vectors);
                tile.C = block.C + row + (column * block.CColumn);
                plainKernels.Run(vectors, kernelColumns, packed, &tile);
            }

            column += width;
        }
    }
}
