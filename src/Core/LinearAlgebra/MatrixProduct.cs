using MathNet.Numerics.LinearAlgebra.Single;

namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// Matrix products in single precision on column-major storage. Each element of C is one chain of fused multiply-adds
/// from +0 in ascending order of the inner index, so its bits depend on neither the processor's vectors nor the
/// threads nor the shape around it. (Which of several NaNs comes out is left open.)
/// </summary>
/// <remarks>
/// Owns scratch memory, so one caller at a time; after the first call of a shape it allocates nothing. C must not
/// share memory with A or B.
/// </remarks>
public sealed class MatrixProduct
{
    private readonly int fullHeight;
    private readonly int wideColumns;
    private readonly ProductRectangle rectangle;
    private Leaf[] leaves = new Leaf[64];

    public MatrixProduct()
        : this(VectorWidths.Widest)
    {
    }

    /// <summary>For tests: with vectors no wider than these.</summary>
    internal MatrixProduct(VectorWidth widest)
    {
        fullHeight = 2 * (int)widest;
        wideColumns = BlockSizes.Columns(widest);
        rectangle = new ProductRectangle(widest);
    }

    /// <summary>C ← A·B.</summary>
    /// <param name="a">m × k.</param>
    /// <param name="b">k × n.</param>
    /// <param name="c">Receives m × n.</param>
    /// <exception cref="ArgumentException">The shapes do not fit together, or C shares memory with A or B.</exception>
    public void Multiply(ColumnBlock a, ColumnBlock b, ColumnBlock c)
    {
        if (b.Rows != a.Columns || c.Rows != a.Rows || c.Columns != b.Columns)
            throw Misfit("A·B", a, b, c, "m x k, k x n and m x n");
        Whole("A·B", Operand.LanesAreRows(a), Operand.LanesAreColumns(b), a, b, c, a.Columns);
    }

    /// <summary>C ← Aᵀ·B.</summary>
    /// <param name="a">k × m.</param>
    /// <param name="b">k × n.</param>
    /// <param name="c">Receives m × n.</param>
    /// <exception cref="ArgumentException">The shapes do not fit together, or C shares memory with A or B.</exception>
    public void TransposeMultiply(ColumnBlock a, ColumnBlock b, ColumnBlock c)
    {
        if (b.Rows != a.Rows || c.Rows != a.Columns || c.Columns != b.Columns)
            throw Misfit("Aᵀ·B", a, b, c, "k x m, k x n and m x n");
        Whole("Aᵀ·B", Operand.LanesAreColumns(a), Operand.LanesAreColumns(b), a, b, c, a.Rows);
    }

    /// <summary>C ← A·Bᵀ.</summary>
    /// <param name="a">m × k.</param>
    /// <param name="b">n × k.</param>
    /// <param name="c">Receives m × n.</param>
    /// <exception cref="ArgumentException">The shapes do not fit together, or C shares memory with A or B.</exception>
    public void MultiplyTranspose(ColumnBlock a, ColumnBlock b, ColumnBlock c)
    {
        CheckTransposed("A·Bᵀ", a, b, c);
        Whole("A·Bᵀ", Operand.LanesAreRows(a), Operand.LanesAreRows(b), a, b, c, a.Columns);
    }

    /// <summary>
    /// C ← Σ over shards s of A_s·B_sᵀ, added along the binary tree over the shards: node = left + right, and a node
    /// with one empty child is the other. A leaf has the bits of A·Bᵀ of its columns.
    /// Without any column C becomes +0.
    /// </summary>
    /// <param name="a">m × k.</param>
    /// <param name="b">n × k.</param>
    /// <param name="shardStarts">S + 1 ascending columns, S a power of two: shard s is columns [s, s + 1) of these.</param>
    /// <param name="c">Receives m × n.</param>
    /// <exception cref="ArgumentException">The shapes or shards do not fit, or C shares memory with A or B.</exception>
    public void MultiplyTransposeReduced(ColumnBlock a, ColumnBlock b, ReadOnlySpan<int> shardStarts, ColumnBlock c) =>
        MultiplyTransposeReduced(a, b, shardStarts, c, 0, 1);

    /// <summary>
    /// One of several parts of C, for threads that compute it together, each with a product of its own: the same bits in
    /// any number of parts.
    /// </summary>
    /// <param name="part">0 … <paramref name="partCount"/> − 1.</param>
    /// <param name="partCount">Into how many parts C is cut; where it is small some have nothing.</param>
    /// <inheritdoc cref="MultiplyTransposeReduced(ColumnBlock, ColumnBlock, ReadOnlySpan{int}, ColumnBlock)"/>
    public void MultiplyTransposeReduced(
        ColumnBlock a, ColumnBlock b, ReadOnlySpan<int> shardStarts, ColumnBlock c, int part, int partCount)
    {
        CheckTransposed("Σ A·Bᵀ", a, b, c);
        CheckMemory("Σ A·Bᵀ", a, b, c);
        if (leaves.Length < shardStarts.Length)
            leaves = new Leaf[shardStarts.Length];
        int leafCount = SumTree.Plan(shardStarts, a.Columns, leaves);
        var request = new ProductRequest
        {
            A = Operand.LanesAreRows(a),
            B = Operand.LanesAreRows(b),
            C = c,
            FirstDepth = shardStarts[0],
            Depth = shardStarts[^1] - shardStarts[0],
            Leaves = leafCount > 1 ? leaves : null,
            LeafCount = leafCount,
        };
        Compute(request, part, partCount);
    }

    /// <inheritdoc cref="Multiply(ColumnBlock, ColumnBlock, ColumnBlock)"/>
    public void Multiply(DenseMatrix a, DenseMatrix b, DenseMatrix c) =>
        Multiply(new ColumnBlock(a), new ColumnBlock(b), new ColumnBlock(c));

    /// <inheritdoc cref="TransposeMultiply(ColumnBlock, ColumnBlock, ColumnBlock)"/>
    public void TransposeMultiply(DenseMatrix a, DenseMatrix b, DenseMatrix c) =>
        TransposeMultiply(new ColumnBlock(a), new ColumnBlock(b), new ColumnBlock(c));

    /// <inheritdoc cref="MultiplyTranspose(ColumnBlock, ColumnBlock, ColumnBlock)"/>
    public void MultiplyTranspose(DenseMatrix a, DenseMatrix b, DenseMatrix c) =>
        MultiplyTranspose(new ColumnBlock(a), new ColumnBlock(b), new ColumnBlock(c));

    private static void CheckTransposed(string product, ColumnBlock a, ColumnBlock b, ColumnBlock c)
    {
        if (b.Columns != a.Columns || c.Rows != a.Rows || c.Columns != b.Rows)
            throw Misfit(product, a, b, c, "m x k, n x k and m x n");
    }

    private static ArgumentException Misfit(
        string product, ColumnBlock a, ColumnBlock b, ColumnBlock c, string expected) =>
        new($"Cannot compute C = {product}: A is {a}, B is {b}, C is {c}; expected {expected}.");

    private static bool Overlaps(ColumnBlock left, ColumnBlock right) => left.Values.Overlaps(right.Values);

    private static void CheckMemory(string product, ColumnBlock a, ColumnBlock b, ColumnBlock c)
    {
        if (Overlaps(a, c) || Overlaps(b, c))
            throw new ArgumentException($"Cannot compute C = {product}: C ({c}) shares memory with A ({a}) or B ({b}).");
    }

    private void Whole(string product, Operand left, Operand right, ColumnBlock a, ColumnBlock b, ColumnBlock c, int depth)
    {
        CheckMemory(product, a, b, c);
        Compute(new ProductRequest { A = left, B = right, C = c, FirstDepth = 0, Depth = depth, Leaves = null, LeafCount = 1 }, 0, 1);
    }

    private void Compute(in ProductRequest request, int part, int partCount)
    {
        int rows = request.C.Rows;
        int columns = request.C.Columns;
        if (request.Depth == 0)
        {
            if (part == 0)
                request.C.Values.Clear();
        }
        else if (rows > columns)
        {
            // Each part packs its own panels. Cutting the longer side makes what is packed twice the shorter one.
            (int first, int end) = PanelCut.Of(rows, fullHeight, part, partCount);
            rectangle.Compute(request, first, end, 0, columns);
        }
        else
        {
            (int first, int end) = PanelCut.Of(columns, wideColumns, part, partCount);
            rectangle.Compute(request, 0, rows, first, end);
        }
    }
}
