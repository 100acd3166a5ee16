using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>Consecutive columns, one an example: what a thread takes through a pass without the others.</summary>
/// <param name="First">From 0.</param>
/// <param name="Count">May be 0.</param>
internal readonly record struct ColumnRange(int First, int Count)
{
    private static readonly int panel = BlockSizes.Columns(VectorWidths.Widest);

    /// <summary>A thread's columns of so many.</summary>
    public static ColumnRange Of(int columns, int thread, int threadCount)
    {
        (int first, int end) = PanelCut.Of(columns, panel, thread, threadCount);
        return new ColumnRange(first, end - first);
    }
}
