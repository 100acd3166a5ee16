namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// Cuts rows into panels of one to two vectors, so that a tile's two vectors, overlapping where need be, cover them
/// exactly: no row is read or written beyond the matrix, and no row belongs to two panels.
/// </summary>
internal static class RowPanels
{
    /// <summary>The height of the first panel of <paramref name="rows"/> remaining ones, and its kernel's width.</summary>
    public static (int Height, VectorWidth Width) Next(int rows, VectorWidth widest)
    {
        VectorWidth width = widest;
        while (true)
        {
            int lanes = (int)width;
            if (rows >= 3 * lanes || rows == 2 * lanes)
                return (2 * lanes, width);
            if (rows > 2 * lanes)
                return (rows - lanes, width);
            // A single vector's height is two vectors of half the width. (A scalar has no half.)
            if (rows > lanes || (rows == lanes && width <= VectorWidth.Vector128))
                return (rows, width);
            width = width.Narrower();
        }
    }
}
