using MathNet.Numerics.LinearAlgebra.Single;

namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// Consecutive columns of a dense column-major matrix, in MathNet's storage or any other array: column j starts at
/// <c>Offset + j·Rows</c>. Columns are examples, so a shard's columns are a block of their own without a copy.
/// </summary>
public readonly struct ColumnBlock
{
    /// <exception cref="ArgumentException">The storage is too short for the shape.</exception>
    public ColumnBlock(float[] storage, int offset, int rows, int columns)
    {
        if (rows < 0 || columns < 0 || offset < 0 || offset + ((long)rows * columns) > storage.Length)
        {
            throw new ArgumentException(
                $"A block of {rows}x{columns} from element {offset} does not fit into storage of {storage.Length} elements.");
        }

        Storage = storage;
        Offset = offset;
        Rows = rows;
        Columns = columns;
    }

    /// <summary>The whole of a MathNet matrix.</summary>
    public ColumnBlock(DenseMatrix matrix)
        : this(matrix.Values, 0, matrix.RowCount, matrix.ColumnCount)
    {
    }

    public float[] Storage { get; }

    public int Offset { get; }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>All elements, column after column.</summary>
    public Span<float> Values => Storage.AsSpan(Offset, Rows * Columns);

    /// <summary>Columns [first, first + count) of this block.</summary>
    public ColumnBlock Slice(int first, int count) => new(Storage, Offset + (first * Rows), Rows, count);

    public Span<float> Column(int column) => Storage.AsSpan(Offset + (column * Rows), Rows);

    public override string ToString() => $"{Rows}x{Columns}";
}
