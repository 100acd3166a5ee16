using MathNet.Numerics.LinearAlgebra.Single;

namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// Consecutive columns of a dense column-major matrix, in MathNet's storage, any other array or memory that is shared with
/// another process: column j starts at number <c>j·Rows</c>. Columns are examples, so a shard's columns are a block of
/// their own without a copy.
/// </summary>
public readonly struct ColumnBlock
{
    /// <summary>All of the memory, as a matrix.</summary>
    /// <exception cref="ArgumentException">The memory has another length than the shape.</exception>
    public ColumnBlock(Memory<float> memory, int rows, int columns)
    {
        if (rows < 0 || columns < 0 || (long)rows * columns != memory.Length)
            throw new ArgumentException($"A block of {rows}x{columns} in memory of {memory.Length} elements.");
        Memory = memory;
        Rows = rows;
        Columns = columns;
    }

    /// <exception cref="ArgumentException">The storage is too short for the shape.</exception>
    public ColumnBlock(float[] storage, int offset, int rows, int columns)
    {
        if (rows < 0 || columns < 0 || offset < 0 || offset + ((long)rows * columns) > storage.Length)
        {
            throw new ArgumentException(
                $"A block of {rows}x{columns} from element {offset} does not fit into storage of {storage.Length} elements.");
        }

        Memory = storage.AsMemory(offset, rows * columns);
        Rows = rows;
        Columns = columns;
    }

    /// <summary>The whole of a MathNet matrix.</summary>
    public ColumnBlock(DenseMatrix matrix)
        : this(matrix.Values, matrix.RowCount, matrix.ColumnCount)
    {
    }

    /// <summary>All elements, column after column.</summary>
    public Memory<float> Memory { get; }

    public int Rows { get; }

    public int Columns { get; }

    /// <inheritdoc cref="Memory"/>
    public Span<float> Values => Memory.Span;

    public ref float this[int row, int column] => ref Column(column)[row];

    /// <summary>Columns [first, first + count) of this block.</summary>
    public ColumnBlock Slice(int first, int count) => new(Memory.Slice(first * Rows, count * Rows), Rows, count);

    public Span<float> Column(int column) => Memory.Span.Slice(column * Rows, Rows);

    public override string ToString() => $"{Rows}x{Columns}";
}
