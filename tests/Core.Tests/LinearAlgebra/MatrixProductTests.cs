using Backprop.Core.LinearAlgebra;
using CsCheck;
using MathNet.Numerics.LinearAlgebra.Single;

namespace Backprop.Core.Tests.LinearAlgebra;

public sealed class MatrixProductTests
{
    private static readonly VectorWidth[] widths =
        [VectorWidth.Scalar, VectorWidth.Vector128, VectorWidth.Vector256, VectorWidth.Vector512];

    private static readonly Gen<int> size =
        Gen.Frequency((1, Gen.Int[0, 2]), (6, Gen.Int[1, 70]), (2, Gen.Int[60, 140]));

    private static readonly Gen<int> depth = Gen.Frequency((6, Gen.Int[0, 40]), (2, Gen.Int[380, 800]));

    // Short ones, and others of which most are long.
    private static readonly Gen<int[]> shardWidths =
        Gen.Select(Gen.Int[0, 6], Gen.Bool).SelectMany(tree => Gen.Int[0, tree.Item2 ? 30 : 9].Array[1 << tree.Item1]);

    private static readonly Gen<(int M, int N, int K, int Seed)> shape =
        Gen.Select(size, size, depth, Gen.Int[0, 1 << 20]);

    [Fact]
    public void Multiply_RandomShapes_BitsOfTheDefinition() =>
        CheckForm((m, k) => (m, k), (k, n) => (k, n), (p, a, b, c) => p.Multiply(a, b, c), NaiveProduct.Multiply);

    [Fact]
    public void TransposeMultiply_RandomShapes_BitsOfTheDefinition() =>
        CheckForm(
            (m, k) => (k, m),
            (k, n) => (k, n),
            (p, a, b, c) => p.TransposeMultiply(a, b, c),
            NaiveProduct.TransposeMultiply);

    [Fact]
    public void MultiplyTranspose_RandomShapes_BitsOfTheDefinition() =>
        CheckForm(
            (m, k) => (m, k),
            (k, n) => (n, k),
            (p, a, b, c) => p.MultiplyTranspose(a, b, c),
            NaiveProduct.MultiplyTranspose);

    [Fact]
    public void MultiplyTransposeReduced_RandomShards_BitsOfLeavesAddedAlongTheTree()
    {
        Gen<(int M, int N, int[] Starts, int Seed)> cases = Gen.Select(
            size, size, shardWidths, Gen.Int[0, 2], Gen.Int[0, 1 << 20],
            (m, n, widths, sparse, seed) => (m, n, Starts(widths, sparse), seed));
        cases.Sample(
            (m, n, starts, seed) =>
            {
                int before = seed % 3;
                int[] shifted = [.. starts.Select(start => start + before)];
                ColumnBlock a = TestBlocks.Random(m, shifted[^1] + 1, seed);
                ColumnBlock b = TestBlocks.Random(n, shifted[^1] + 1, seed + 1);
                return AreReducedTo(NaiveProduct.Reduced(a, b, shifted), a, b, shifted);
            },
            iter: 60,
            threads: 1);
    }

    [Theory]
    [InlineData(30, 784, 64, 16)]
    [InlineData(10, 30, 10, 4)]
    [InlineData(10, 30, 3, 64)]
    [InlineData(128, 300, 1000, 64)]
    [InlineData(200, 128, 1100, 1)]
    [InlineData(530, 45, 400, 1)]
    [InlineData(150, 133, 1100, 64)]
    [InlineData(150, 600, 1100, 64)]
    [InlineData(150, 600, 300, 64)]
    [InlineData(150, 133, 300, 64)]
    [InlineData(150, 1024, 1100, 64)]
    [InlineData(300, 133, 1100, 64)]
    [InlineData(300, 131, 1100, 64)]
    [InlineData(37, 130, 700, 256)]
    [InlineData(40, 23, 5200, 128)]
    [InlineData(40, 3, 5200, 128)]
    [InlineData(40, 5, 5200, 128)]
    [InlineData(20, 17, 5000, 4)]
    [InlineData(5, 700, 1000, 16)]
    public void MultiplyTransposeReduced_ShapesOfTraining_BitsOfLeavesAddedAlongTheTree(int m, int n, int k, int shards) =>
        AssertReduced(m, n, EvenStarts(k, shards));

    [Fact]
    public void MultiplyTransposeReduced_FewUnbalancedShards_BitsOfLeavesAddedAlongTheTree()
    {
        // Six single examples wait for each other beside the sum of the first four shards, which is more than ten leaves of a whole tree would need.
        AssertReduced(32, 13, Starts(64, shard => shard < 4 ? 520 : shard is 32 or 48 or 56 or 60 or 62 or 63 ? 1 : 0));

        // Single examples, so short on average that their sums are added in registers, around one shard that fills a group of leaves.
        AssertReduced(32, 13, Starts(64, shard => shard == 21 ? 300 : 1));
    }

    [Fact]
    public void MultiplyTransposeReduced_OneProductForTreesOfAllSizes_BitsOfLeavesAddedAlongTheTree()
    {
        ForEachProduct(products =>
        {
            foreach ((int m, int n, int k, int shards) in (ReadOnlySpan<(int, int, int, int)>)[(40, 70, 1200, 64), (20, 9, 30, 8), (140, 37, 900, 32), (7, 3, 2500, 256)])
            {
                int[] starts = EvenStarts(k, shards);
                ColumnBlock a = TestBlocks.Random(m, k, 1);
                ColumnBlock b = TestBlocks.Random(n, k, 2);
                float[] expected = NaiveProduct.Reduced(a, b, starts);
                foreach (MatrixProduct product in products)
                {
                    ColumnBlock c = TestBlocks.Empty(m, n);
                    product.MultiplyTransposeReduced(a, b, starts, c);
                    Assert.True(TestBlocks.Equal(expected, c));
                }
            }
        });
    }

    [Fact]
    public void MultiplyTransposeReduced_AllShardsEmpty_GivesZeros()
    {
        ColumnBlock c = TestBlocks.Random(3, 5, 1);
        new MatrixProduct().MultiplyTransposeReduced(
            TestBlocks.Random(3, 0, 1), TestBlocks.Random(5, 0, 2), [0, 0, 0, 0, 0], c);
        Assert.True(TestBlocks.Equal(new float[15], c));
    }

    [Theory]
    [InlineData(30, 64, 784)]
    [InlineData(300, 700, 900)]
    public void Multiply_AgainstMathNetInDoublePrecision_EqualToRounding(int m, int n, int k)
    {
        ColumnBlock a = TestBlocks.Random(m, k, 1);
        ColumnBlock b = TestBlocks.Random(k, n, 2);
        var c = new DenseMatrix(m, n);
        new MatrixProduct().Multiply(a, b, new ColumnBlock(c));
        var expected = ToDouble(a) * ToDouble(b);
        // The sum of k products below 1 in magnitude, each step rounded by half a unit in the last place of a sum
        // that is of the order of √k: k·√k·2⁻²⁴ is far on the safe side.
        double tolerance = k * Math.Sqrt(k) / (1 << 24);
        for (int j = 0; j < n; j++)
        {
            for (int i = 0; i < m; i++)
                Assert.Equal(expected[i, j], c[i, j], tolerance);
        }
    }

    [Fact]
    public void Multiply_LargeEnoughForBlocks_BitsOfTheDefinition()
    {
        // Above every block size: rows, columns and inner index are all cut, with rests.
        ColumnBlock a = TestBlocks.Random(531, 811, 1);
        ColumnBlock b = TestBlocks.Random(811, 1501, 2);
        ColumnBlock scalar = TestBlocks.Empty(531, 1501);
        new MatrixProduct(VectorWidth.Scalar).Multiply(a, b, scalar);
        float[] expected = scalar.Values.ToArray();
        ForEachProduct(products =>
        {
            foreach (MatrixProduct product in products)
            {
                ColumnBlock c = TestBlocks.Empty(531, 1501);
                product.Multiply(a, b, c);
                Assert.True(TestBlocks.Equal(expected, c));
            }
        });
    }

    [Fact]
    public void Multiply_OnlyNegativeZeros_GivesPositiveZero()
    {
        // From +0: +0 + (−0·1) = +0.
        var a = new DenseMatrix(2, 1, [-0f, -0f]);
        var b = new DenseMatrix(1, 1, [1f]);
        var c = new DenseMatrix(2, 1);
        new MatrixProduct().Multiply(a, b, c);
        Assert.All(c.Values, value => Assert.Equal(0, BitConverter.SingleToInt32Bits(value)));
    }

    [Fact]
    public void Products_AfterTheFirstCall_AllocateNothing()
    {
        var product = new MatrixProduct();
        ColumnBlock a = TestBlocks.Random(130, 100, 1);
        ColumnBlock b = TestBlocks.Random(100, 90, 2);
        ColumnBlock c = TestBlocks.Empty(130, 90);
        ColumnBlock deltas = TestBlocks.Random(90, 100, 3);
        ColumnBlock transposed = TestBlocks.Random(100, 130, 4);
        int[] starts = [0, 25, 50, 50, 100];
        ColumnBlock manyErrors = TestBlocks.Random(40, 1500, 5);
        ColumnBlock manyInputs = TestBlocks.Random(90, 1500, 6);
        ColumnBlock sum = TestBlocks.Empty(40, 90);
        int[] longShards = EvenStarts(1500, 64);
        int[] shortShards = EvenStarts(300, 64);
        void Once()
        {
            product.Multiply(a, b, c);
            product.TransposeMultiply(transposed, b, c);
            product.MultiplyTranspose(a, deltas, c);
            product.MultiplyTransposeReduced(a, deltas, starts, c);
            product.MultiplyTransposeReduced(manyErrors, manyInputs, longShards, sum);
            product.MultiplyTransposeReduced(manyErrors, manyInputs, shortShards, sum);
        }

        for (int i = 0; i < 20; i++)
            Once();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
            Once();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Multiply_WrongShapes_ErrorCarriesAllShapes()
    {
        var error = Assert.Throws<ArgumentException>(() => new MatrixProduct().Multiply(
            TestBlocks.Empty(3, 2), TestBlocks.Empty(4, 5), TestBlocks.Empty(3, 5)));
        Assert.Equal(
            "Cannot compute C = A·B: A is 3x2, B is 4x5, C is 3x5; expected m x k, k x n and m x n.", error.Message);
    }

    [Fact]
    public void MultiplyTranspose_ResultSharesMemoryWithOperand_IsRefused()
    {
        ColumnBlock a = TestBlocks.Random(4, 4, 1);
        var error = Assert.Throws<ArgumentException>(() => new MatrixProduct().MultiplyTranspose(a, a, a));
        Assert.Contains("shares memory", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { 0, 1, 2, 3 }, "power of two")]
    [InlineData(new[] { 0 }, "power of two")]
    [InlineData(new[] { 0, 3, 2 }, "before its start")]
    [InlineData(new[] { 0, 2, 5 }, "cover columns 0 to 5")]
    public void MultiplyTransposeReduced_ImpossibleShards_AreRefused(int[] starts, string message)
    {
        var error = Assert.Throws<ArgumentException>(() => new MatrixProduct().MultiplyTransposeReduced(
            TestBlocks.Empty(3, 4), TestBlocks.Empty(2, 4), starts, TestBlocks.Empty(3, 2)));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static void AssertReduced(int m, int n, int[] starts)
    {
        ColumnBlock a = TestBlocks.Random(m, starts[^1], 1);
        ColumnBlock b = TestBlocks.Random(n, starts[^1], 2);
        Assert.True(AreReducedTo(NaiveProduct.Reduced(a, b, starts), a, b, starts));
    }

    private static int[] EvenStarts(int columns, int shards) => [.. Enumerable.Range(0, shards + 1).Select(s => s * columns / shards)];

    private static int[] Starts(int[] widths, int sparse) =>
        Starts(widths.Length, shard => sparse == 0 || widths[shard] % (sparse + 1) == 0 ? widths[shard] : 0);

    private static int[] Starts(int shards, Func<int, int> widthOf)
    {
        var starts = new int[shards + 1];
        for (int shard = 0; shard < shards; shard++)
            starts[shard + 1] = starts[shard] + widthOf(shard);
        return starts;
    }

    private static MathNet.Numerics.LinearAlgebra.Double.DenseMatrix ToDouble(ColumnBlock block) =>
        new(block.Rows, block.Columns, [.. block.Values.ToArray().Select(value => (double)value)]);

    /// <summary>Every width.</summary>
    private static void ForEachProduct(Action<MatrixProduct[]> check) =>
        check([.. widths.Select(width => new MatrixProduct(width))]);

    /// <summary>Every width with every number of parts, each part by a product of its own: true when all have these bits.</summary>
    private static bool AreReducedTo(float[] expected, ColumnBlock a, ColumnBlock b, int[] starts)
    {
        foreach (VectorWidth width in widths)
        {
            foreach (int parts in (ReadOnlySpan<int>)[1, 2, 3, 7])
            {
                ColumnBlock c = TestBlocks.Empty(a.Rows, b.Rows);
                for (int part = parts - 1; part >= 0; part--)
                    new MatrixProduct(width).MultiplyTransposeReduced(a, b, starts, c, part, parts);
                if (!TestBlocks.Equal(expected, c))
                    return false;
            }
        }

        return true;
    }

    private static void CheckForm(
        Func<int, int, (int, int)> shapeOfA,
        Func<int, int, (int, int)> shapeOfB,
        Action<MatrixProduct, ColumnBlock, ColumnBlock, ColumnBlock> compute,
        Func<ColumnBlock, ColumnBlock, float[]> define) =>
        ForEachProduct(products => shape.Sample(
            (m, n, k, seed) =>
            {
                (int rows, int columns) = shapeOfA(m, k);
                ColumnBlock a = TestBlocks.Random(rows, columns, seed);
                (rows, columns) = shapeOfB(k, n);
                ColumnBlock b = TestBlocks.Random(rows, columns, seed + 1);
                float[] expected = define(a, b);
                foreach (MatrixProduct product in products)
                {
                    ColumnBlock c = TestBlocks.Empty(m, n);
                    compute(product, a, b, c);
                    if (!TestBlocks.Equal(expected, c))
                        return false;
                }

                return true;
            },
            iter: 80,
            threads: 1));
}
