using Backprop.Core.Activations;
using Backprop.Core.Data;

namespace Backprop.Core.Tests.Activations;

public sealed class SoftmaxTests
{
    [Fact]
    public void Apply_OneColumn_EqualsDoublePrecision()
    {
        float[] z = [1f, -2f, 0.5f, 30f, 29f, -40f, 3f, 3f, 2f, 1f];
        double sum = z.Sum(value => Math.Exp(value - 30));
        float[] a = new float[10];

        new Softmax().Apply(z, a, 10);

        for (int j = 0; j < 10; j++)
            Assert.Equal(Math.Exp(z[j] - 30) / sum, a[j], Math.Exp(z[j] - 30) / sum * 1e-6);
    }

    [Fact]
    public void Apply_HugeInputs_StaysFinite()
    {
        float[] a = new float[3];

        new Softmax().Apply([1e4f, -1e4f, 1e4f], a, 3);

        Assert.Equal([0.5f, 0f, 0.5f], a);
    }

    [Fact]
    public void Apply_ManyColumns_EachAsAlone()
    {
        var random = new RandomSource(5, 99);
        foreach (int rows in new[] { 1, 2, 3, 10, 17, 37 })
        {
            float[] z = new float[rows * 23];
            for (int i = 0; i < z.Length; i++)
                z[i] = (float)(random.NextGaussian() * 4);
            float[] together = new float[z.Length];
            float[] alone = new float[rows];

            new Softmax().Apply(z, together, rows);

            for (int column = 0; column < 23; column++)
            {
                new Softmax().Apply(z.AsSpan(column * rows, rows), alone, rows);
                Assert.True(alone.AsSpan().SequenceEqual(together.AsSpan(column * rows, rows)));
            }
        }
    }
}
