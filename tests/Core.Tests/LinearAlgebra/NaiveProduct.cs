using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Tests.LinearAlgebra;

/// <summary>The definition of the products' bits, element by element.</summary>
internal static class NaiveProduct
{
    public static float[] Multiply(ColumnBlock a, ColumnBlock b) =>
        Sum(a.Rows, b.Columns, a.Columns, (i, p) => a.Column(p)[i], (p, j) => b.Column(j)[p]);

    public static float[] TransposeMultiply(ColumnBlock a, ColumnBlock b) =>
        Sum(a.Columns, b.Columns, a.Rows, (i, p) => a.Column(i)[p], (p, j) => b.Column(j)[p]);

    public static float[] MultiplyTranspose(ColumnBlock a, ColumnBlock b) =>
        Sum(a.Rows, b.Rows, a.Columns, (i, p) => a.Column(p)[i], (p, j) => b.Column(p)[j]);

    /// <summary>Leaf by leaf, then along the tree, written as the recursion that defines it.</summary>
    public static float[] Reduced(ColumnBlock a, ColumnBlock b, int[] starts) =>
        Node(a, b, starts, 0, starts.Length - 1) ?? new float[a.Rows * b.Rows];

    private static float[]? Node(ColumnBlock a, ColumnBlock b, int[] starts, int first, int count)
    {
        if (count == 1)
        {
            int columns = starts[first + 1] - starts[first];
            return columns == 0
                ? null
                : MultiplyTranspose(a.Slice(starts[first], columns), b.Slice(starts[first], columns));
        }

        float[]? left = Node(a, b, starts, first, count / 2);
        float[]? right = Node(a, b, starts, first + (count / 2), count / 2);
        return left is null ? right : right is null ? left : [.. left.Zip(right, (l, r) => l + r)];
    }

    private static float[] Sum(int m, int n, int k, Func<int, int, float> a, Func<int, int, float> b)
    {
        var c = new float[m * n];
        for (int j = 0; j < n; j++)
        {
            for (int i = 0; i < m; i++)
            {
                float sum = 0f;
                for (int p = 0; p < k; p++)
                    sum = MathF.FusedMultiplyAdd(a(i, p), b(p, j), sum);
                c[(j * m) + i] = sum;
            }
        }

        return c;
    }
}
