namespace Backprop.Kernels;

internal enum ProductForm
{
    Multiply,
    TransposeMultiply,
    MultiplyTranspose,
    Reduced,
}

/// <summary>C is m × n, the inner index runs to k.</summary>
/// <param name="Shards">Only for <see cref="ProductForm.Reduced"/>; OpenBLAS then makes one sum without a tree.</param>
/// <param name="Goal">The share of OpenBLAS's pace that is aimed at; null where none is.</param>
internal sealed record ProductShape(ProductForm Form, int M, int N, int K, int Shards = 1, double? Goal = null)
{
    private const double Large = 0.92;
    private const double Usual = 0.85;

    /// <summary>What training of 784-30-10, 784-128-10 and 784-512-256-10 asks for, and the usual square.</summary>
    public static ProductShape[] All { get; } =
    [
        new(ProductForm.Multiply, 1024, 1024, 1024, Goal: Large),
        new(ProductForm.Multiply, 30, 64, 784, Goal: Usual),
        new(ProductForm.Multiply, 128, 256, 784, Goal: Usual),
        new(ProductForm.Multiply, 512, 1024, 784, Goal: Usual),
        new(ProductForm.Multiply, 256, 1024, 512, Goal: Usual),
        new(ProductForm.Multiply, 10, 64, 30),
        new(ProductForm.Multiply, 30, 10, 784),
        new(ProductForm.Multiply, 10, 256, 128),
        new(ProductForm.TransposeMultiply, 1024, 1024, 1024, Goal: Large),
        new(ProductForm.TransposeMultiply, 30, 64, 10, Goal: Usual),
        new(ProductForm.TransposeMultiply, 128, 256, 10, Goal: Usual),
        new(ProductForm.TransposeMultiply, 512, 1024, 256, Goal: Usual),
        new(ProductForm.MultiplyTranspose, 1024, 1024, 1024, Goal: Large),
        new(ProductForm.MultiplyTranspose, 30, 784, 4),
        new(ProductForm.MultiplyTranspose, 30, 784, 32),
        new(ProductForm.MultiplyTranspose, 128, 784, 16),
        new(ProductForm.MultiplyTranspose, 30, 64, 8),
        new(ProductForm.MultiplyTranspose, 10, 30, 64),
        new(ProductForm.Reduced, 30, 784, 10, 4),
        new(ProductForm.Reduced, 30, 784, 64, 16, Usual),
        new(ProductForm.Reduced, 30, 784, 32, 8),
        new(ProductForm.Reduced, 128, 784, 128, 32),
        new(ProductForm.Reduced, 128, 784, 256, 64, Usual),
        new(ProductForm.Reduced, 128, 784, 1024, 64),
        new(ProductForm.Reduced, 512, 784, 128, 32),
        new(ProductForm.Reduced, 256, 512, 128, 32),
        new(ProductForm.Reduced, 512, 784, 256, 64),
        new(ProductForm.Reduced, 512, 784, 1024, 64, Usual),
        new(ProductForm.Reduced, 256, 512, 1024, 64, Usual),
    ];

    public double Operations => 2.0 * M * N * K;

    public int[] ShardStarts => [.. Enumerable.Range(0, Shards + 1).Select(s => (int)((long)s * K / Shards))];

    public override string ToString() =>
        Form switch
        {
            ProductForm.Multiply => "A·B",
            ProductForm.TransposeMultiply => "Aᵀ·B",
            ProductForm.MultiplyTranspose => "A·Bᵀ",
            _ => "Σ A·Bᵀ",
        } + $" {M}x{N}x{K}" + (Form == ProductForm.Reduced ? $" /{Shards}" : "");
}
