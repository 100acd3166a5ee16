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
public sealed class MatrixProduct : ITeamWork
{
    private readonly ThreadTeam team;
    private readonly int fullHeight;
    private readonly int wideColumns;
    private readonly ProductPart[] parts;
    private Leaf[] leaves = new Leaf[64];
    private ProductRequest request;

    public MatrixProduct(ThreadTeam team)
        : this(team, VectorWidths.Widest)
    {
    }

    /// <summary>For tests: with vectors no wider than these.</summary>
    internal MatrixProduct(ThreadTeam team, VectorWidth widest)
    {
        this.team = team;
        fullHeight = 2 * (int)widest;
        wideColumns = BlockSizes.Columns(widest);
        parts = new ProductPart[team.ThreadCount];
        for (int i = 0; i < parts.Length; i++)
            parts[i] = new ProductPart(widest);
    }

    /// <summary>Multiply-adds from which on the team's other threads take part; tests lower it.</summary>
    internal long SharedWork { get; init; } = BlockSizes.SharedWork;

    /// <summary>C ← A·B.</summary>
    /// <param name="a">m × k.</param>
    /// <param name="b">k × n.</param>
    /// <param name="c">Receives m × n.</param>
    /// <exception cref="ArgumentException">The shapes do not fit together, or C shares memory with A or B.</exception>
    public void Multiply(ColumnBlock a, ColumnBlock b, ColumnBlock c)
    {
        if (b.Rows != a.Columns || c.Rows != a.Rows || c.Columns != b.Columns)
            throw Misfit("A·B", a, b, c, "m x k, k x n and m x n");
        Start("A·B", Operand.LanesAreRows(a), Operand.LanesAreColumns(b), a, b, c, 0, a.Columns, 1);
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
        Start("Aᵀ·B", Operand.LanesAreColumns(a), Operand.LanesAreColumns(b), a, b, c, 0, a.Rows, 1);
    }

    /// <summary>C ← A·Bᵀ.</summary>
    /// <param name="a">m × k.</param>
    /// <param name="b">n × k.</param>
    /// <param name="c">Receives m × n.</param>
    /// <exception cref="ArgumentException">The shapes do not fit together, or C shares memory with A or B.</exception>
    public void MultiplyTranspose(ColumnBlock a, ColumnBlock b, ColumnBlock c)
    {
        CheckTransposed("A·Bᵀ", a, b, c);
        Start("A·Bᵀ", Operand.LanesAreRows(a), Operand.LanesAreRows(b), a, b, c, 0, a.Columns, 1);
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
    public void MultiplyTransposeReduced(ColumnBlock a, ColumnBlock b, ReadOnlySpan<int> shardStarts, ColumnBlock c)
    {
        CheckTransposed("Σ A·Bᵀ", a, b, c);
        if (leaves.Length < shardStarts.Length)
            leaves = new Leaf[shardStarts.Length];
        int leafCount = SumTree.Plan(shardStarts, a.Columns, leaves);
        int depth = shardStarts[^1] - shardStarts[0];
        Start("Σ A·Bᵀ", Operand.LanesAreRows(a), Operand.LanesAreRows(b), a, b, c, shardStarts[0], depth, leafCount);
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

    void ITeamWork.Execute(int thread, int threadCount)
    {
        int rows = request.C.Rows;
        int columns = request.C.Columns;
        // Each part packs its own panels. Cutting the longer side makes what is packed twice the shorter one.
        if (rows > columns)
        {
            int first = Cut(rows, fullHeight, thread, threadCount);
            parts[thread].Compute(request, first, Cut(rows, fullHeight, thread + 1, threadCount), 0, columns);
        }
        else
        {
            int first = Cut(columns, wideColumns, thread, threadCount);
            parts[thread].Compute(request, 0, rows, first, Cut(columns, wideColumns, thread + 1, threadCount));
        }
    }

    /// <summary>Where a part begins: whole panels, spread evenly; the last panel may be smaller.</summary>
    private static int Cut(int length, int panel, int part, int partCount)
    {
        int panels = (length + panel - 1) / panel;
        return Math.Min(length, (int)((long)panels * part / partCount) * panel);
    }

    private static void CheckTransposed(string product, ColumnBlock a, ColumnBlock b, ColumnBlock c)
    {
        if (b.Columns != a.Columns || c.Rows != a.Rows || c.Columns != b.Rows)
            throw Misfit(product, a, b, c, "m x k, n x k and m x n");
    }

    private static ArgumentException Misfit(
        string product, ColumnBlock a, ColumnBlock b, ColumnBlock c, string expected) =>
        new($"Cannot compute C = {product}: A is {a}, B is {b}, C is {c}; expected {expected}.");

    private static bool Overlaps(ColumnBlock left, ColumnBlock right) => left.Values.Overlaps(right.Values);

    private void Start(
        string product,
        Operand left,
        Operand right,
        ColumnBlock a,
        ColumnBlock b,
        ColumnBlock c,
        int firstDepth,
        int depth,
        int leafCount)
    {
        if (Overlaps(a, c) || Overlaps(b, c))
            throw new ArgumentException($"Cannot compute C = {product}: C ({c}) shares memory with A ({a}) or B ({b}).");

        if (depth == 0 || leafCount == 0)
        {
            c.Values.Clear();
            return;
        }

        request = new ProductRequest
        {
            A = left,
            B = right,
            C = c,
            FirstDepth = firstDepth,
            Depth = depth,
            Leaves = leafCount > 1 ? leaves : null,
            LeafCount = leafCount,
        };
        long work = (long)c.Rows * c.Columns * depth;
        if (parts.Length == 1 || work < SharedWork)
            parts[0].Compute(request, 0, c.Rows, 0, c.Columns);
        else
            team.Run(this);
    }
}
