using Backprop.Core.LinearAlgebra;
using BenchmarkDotNet.Attributes;

namespace Backprop.Kernels;

/// <summary>Each product of training beside its floor, both on one thread.</summary>
public sealed class ProductBenchmarks
{
    private ProductCase? work;

    /// <summary>A line of <see cref="ProductShape.All"/>, as text: the type itself stays internal.</summary>
    [ParamsSource(nameof(Shapes))]
    public string Shape { get; set; } = "";

    public static IEnumerable<string> Shapes => ProductShape.All.Select(shape => shape.ToString());

    [GlobalSetup]
    public void Setup()
    {
        if (!OpenBlas.TryStart(out string message))
            throw new NotSupportedException(message);
        work = new ProductCase(ProductShape.All.First(shape => shape.ToString() == Shape), new MatrixProduct());
    }

    [Benchmark(Baseline = true, Description = "OpenBLAS")]
    public void Blas() => work!.Blas();

    [Benchmark(Description = "MatrixProduct")]
    public void Ours() => work!.Ours();
}
