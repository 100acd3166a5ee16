using System.Runtime.CompilerServices;

namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// Computes a rectangle of C. Blocks of A and B are packed where that pays; each tile of C then comes from a kernel
/// that reads its panels in order.
/// </summary>
internal sealed unsafe class ProductRectangle(VectorWidth widest)
{
    private readonly AlignedBuffer packedA = new();
    private readonly AlignedBuffer packedB = new();
    private readonly AlignedBuffer stack = new();
    private readonly KernelTable plainKernels = new(widest, forTrees: false);
    private readonly KernelTable treeKernels = new(widest, forTrees: true);

    /// <summary>Rows [firstRow, endRow) × columns [firstColumn, endColumn) of C.</summary>
    public void Compute(in ProductRequest request, int firstRow, int endRow, int firstColumn, int endColumn)
    {
        if (firstRow >= endRow || firstColumn >= endColumn)
            return;

        fixed (float* a = request.A.Memory.Span, b = request.B.Memory.Span, c = request.C.Values)
        fixed (Leaf* leaves = request.Leaves)
        {
            var area = new Area
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
            };
            area.A += firstRow * area.ALane;
            area.B += firstColumn * area.BLane;
            area.C += firstRow + (firstColumn * area.CColumn);
            if (request.LeafCount > 1)
                Block(area, request.Depth, leaves, request.LeafCount, false);
            else
                BlockByDepth(area, request.Depth);
        }
    }

    private void BlockByDepth(Area area, int depth)
    {
        for (int first = 0; first < depth;)
        {
            int left = depth - first;
            int count = left <= BlockSizes.Depth ? left
                : left < 2 * BlockSizes.Depth ? (left + 1) / 2
                : BlockSizes.Depth;
            var leaf = new Leaf { Columns = count };
            Block(area, count, &leaf, 1, first > 0);
            area.A += count * area.ADepth;
            area.B += count * area.BDepth;
            first += count;
        }
    }

    private void Block(Area area, int depth, Leaf* leaves, int leafCount, bool continues)
    {
        bool packA = area.ALane != 1 || area.Columns > BlockSizes.UnpackedAColumns;
        bool isTree = leafCount > 1;
        bool packB = area.Rows > (isTree ? BlockSizes.UnpackedTreeRows(widest) : BlockSizes.UnpackedBRows);
        KernelTable kernels = isTree ? treeKernels : plainKernels;
        int wideColumns = kernels.WideColumns;
        int mostColumns = Math.Max(wideColumns, BlockSizes.BElements / depth / wideColumns * wideColumns);
        int fullHeight = 2 * (int)widest;
        int mostRows = Math.Max(fullHeight, BlockSizes.AElements / depth / fullHeight * fullHeight);
        var tile = new Tile { Continues = continues, Leaves = leaves, LeafCount = leafCount };
        tile.Stack = stack.Reserve(
            leafCount == 1 ? 0 : fullHeight * wideColumns * (int.Log2(leafCount) + 2));
        float* aBuffer = packedA.Reserve(packA ? Math.Min(area.Rows, mostRows + (mostRows / 2)) * depth : 0);
        float* bBuffer = packedB.Reserve(
            (packB ? Math.Min(area.Columns, mostColumns) + wideColumns : wideColumns) * depth);

        for (int firstColumn = 0; firstColumn < area.Columns; firstColumn += mostColumns)
        {
            int columns = Math.Min(mostColumns, area.Columns - firstColumn);
            for (int firstRow = 0, rows; firstRow < area.Rows; firstRow += rows)
            {
                rows = area.Rows - firstRow;
                if (rows > mostRows + (mostRows / 2))
                    rows = mostRows;

                tile.A = area.A + (firstRow * area.ALane);
                tile.B = area.B + (firstColumn * area.BLane);
                tile.C = area.C + firstRow + (firstColumn * area.CColumn);
                if (packA)
                    PackRows(area, tile.A, rows, depth, aBuffer);
                if (packB && firstRow == 0)
                    PackColumns(kernels, area, tile.B, columns, depth, bBuffer);
                Tiles(kernels, area, tile, rows, columns, depth, packA ? aBuffer : null, bBuffer, packB);
            }
        }
    }

    private void PackRows(in Area area, float* source, int rows, int depth, float* destination)
    {
        while (rows > 0)
        {
            (int height, _) = RowPanels.Next(rows, widest);
            Packing.Pack(source, area.ALane, area.ADepth, height, depth, destination, height);
            source += height * area.ALane;
            destination += (nint)height * depth;
            rows -= height;
        }
    }

    private static void PackColumns(KernelTable kernels, in Area area, float* source, int columns, int depth, float* destination)
    {
        for (int column = 0; column < columns;)
        {
            int width = kernels.WidthOf(columns - column);
            Packing.Pack(
                source + (column * area.BLane), area.BLane, area.BDepth, width, depth, destination + ((nint)column * depth),
                kernels.ColumnsOf(width));
            column += width;
        }
    }

    /// <summary>All tiles of a block, in the order that keeps the larger of two panels in the first-level cache.</summary>
    /// <param name="tile">At the block's first row and column, where its operands lie unpacked.</param>
    /// <param name="aBuffer">The block's panels of A; null: they are read where they lie.</param>
    /// <param name="bBuffer">Its panels of B, or room for one that is smaller than its kernel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Tiles(
        KernelTable kernels, in Area area, Tile tile, int rows, int columns, int depth, float* aBuffer, float* bBuffer, bool packB)
    {
        if (kernels == treeKernels && packB)
        {
            // A tree's tiles have fewer columns: without this order they would read A from the second level more often.
            for (int row = 0, height; row < rows; row += height)
            {
                height = RowPanels.Next(rows - row, widest).Height;
                Panels(kernels, area, tile, row, row + height, columns, depth, aBuffer, bBuffer, packB);
            }
        }
        else
        {
            Panels(kernels, area, tile, 0, rows, columns, depth, aBuffer, bBuffer, packB);
        }
    }

    /// <summary>Panel of B by panel of B, each against every panel of A of these rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Panels(
        KernelTable kernels, in Area area, Tile tile, int firstRow, int endRow, int columns, int depth,
        float* aBuffer, float* bBuffer, bool packB)
    {
        float* aSource = tile.A;
        float* bSource = tile.B;
        float* cSource = tile.C;
        tile.CColumn = area.CColumn;
        // Looked up once: few rows are one panel, which as many tiles have as there are panels of B.
        (int firstHeight, VectorWidth firstVectors) = RowPanels.Next(endRow - firstRow, widest);
        for (int column = 0; column < columns;)
        {
            int width = kernels.WidthOf(columns - column);
            int kernelColumns = kernels.ColumnsOf(width);
            // Two columns where there is one may be the same one twice; more would have to be packed to repeat the last.
            bool packed = packB || (width < kernelColumns && kernelColumns > MicroKernels.PairColumns);
            float* bPanel = packB ? bBuffer + ((nint)column * depth) : bSource + (column * area.BLane);
            if (packed && !packB)
            {
                Packing.Pack(bPanel, area.BLane, area.BDepth, width, depth, bBuffer, kernelColumns);
                bPanel = bBuffer;
            }

            tile.B = bPanel;
            tile.BStep = area.BDepth;
            tile.BColumn = width == 1 ? 0 : area.BLane;
            tile.Columns = width;
            (int height, VectorWidth vectors) = (firstHeight, firstVectors);
            for (int row = firstRow; row < endRow; row += height)
            {
                if (row > firstRow)
                    (height, vectors) = RowPanels.Next(endRow - row, widest);
                tile.A = aBuffer is null ? aSource + row : aBuffer + ((nint)row * depth);
                tile.AStep = aBuffer is null ? area.ADepth : height;
                tile.SecondRow = height - (int)vectors;
                tile.C = cSource + row + (column * area.CColumn);
                kernels.Run(vectors, kernelColumns, packed, &tile);
            }

            column += width;
        }
    }

    /// <summary>Where a rectangle's operands begin, with strides in elements.</summary>
    private struct Area
    {
        public float* A;
        public nint ALane;
        public nint ADepth;
        public float* B;
        public nint BLane;
        public nint BDepth;
        public float* C;
        public nint CColumn;
        public int Rows;
        public int Columns;
    }
}
