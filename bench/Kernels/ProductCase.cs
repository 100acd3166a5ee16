using Backprop.Core.LinearAlgebra;

namespace Backprop.Kernels;

/// <summary>A shape with its operands, ready to be computed by either side.</summary>
internal sealed unsafe class ProductCase
{
    private readonly MatrixProduct product;
    private readonly ProductShape shape;
    private readonly ColumnBlock a;
    private readonly ColumnBlock b;
    private readonly ColumnBlock c;
    private readonly int[] starts;

    public ProductCase(ProductShape shape, MatrixProduct product)
    {
        this.shape = shape;
        this.product = product;
        bool transposeA = shape.Form == ProductForm.TransposeMultiply;
        bool transposeB = shape.Form is ProductForm.MultiplyTranspose or ProductForm.Reduced;
        a = Filled(transposeA ? shape.K : shape.M, transposeA ? shape.M : shape.K);
        b = Filled(transposeB ? shape.N : shape.K, transposeB ? shape.K : shape.N);
        c = Filled(shape.M, shape.N);
        starts = shape.ShardStarts;
    }

    public void Ours()
    {
        switch (shape.Form)
        {
            case ProductForm.Multiply:
                product.Multiply(a, b, c);
                break;
            case ProductForm.TransposeMultiply:
                product.TransposeMultiply(a, b, c);
                break;
            case ProductForm.MultiplyTranspose:
                product.MultiplyTranspose(a, b, c);
                break;
            default:
                product.MultiplyTransposeReduced(a, b, starts, c);
                break;
        }
    }

    public void Blas()
    {
        fixed (float* left = a.Values, right = b.Values, result = c.Values)
            OpenBlas.Run(shape, left, right, result);
    }

    /// <summary>Small whole multiples of 1/64, so that no product is a slow subnormal number.</summary>
    private static ColumnBlock Filled(int rows, int columns)
    {
        var block = new ColumnBlock(new float[rows * columns], 0, rows, columns);
        for (int i = 0; i < block.Values.Length; i++)
            block.Values[i] = ((i * 37 % 129) - 64) / 64f;
        return block;
    }
}
