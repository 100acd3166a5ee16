using Backprop.Core.Activations;
using Backprop.Core.Tests.Elements;

namespace Backprop.Core.Tests.Activations;

public sealed class ActivationAccuracyTests
{
    [Fact]
    public void Sigmoid_AllFloats_Within2AndAHalfUlp()
    {
        double worst = WorstError(
            new Sigmoid(), z => z >= 0 ? 1 / (1 + Math.Exp(-z)) : Math.Exp(z) / (1 + Math.Exp(z)));

        Assert.InRange(worst, 0.4, 2.5);
    }

    [Fact]
    public void Tanh_AllFloats_Within2Ulp()
    {
        double worst = WorstError(new Tanh(), Math.Tanh);

        Assert.InRange(worst, 0.4, 2.0);
    }

    [Theory]
    [InlineData("sigmoid", float.NegativeInfinity, 0f)]
    [InlineData("sigmoid", float.PositiveInfinity, 1f)]
    [InlineData("sigmoid", 0f, 0.5f)]
    [InlineData("tanh", float.NegativeInfinity, -1f)]
    [InlineData("tanh", float.PositiveInfinity, 1f)]
    [InlineData("tanh", 1e-30f, 1e-30f)]
    [InlineData("relu", -3f, 0f)]
    [InlineData("relu", 3f, 3f)]
    [InlineData("leaky-relu", -3f, -0.03f)]
    [InlineData("leaky-relu", 3f, 3f)]
    [InlineData("linear", -3f, -3f)]
    public void Apply_KnownValue_Exact(string name, float z, float expected)
    {
        float[] a = new float[1];
        ActivationFunctions.Named(name).Apply([z], a, 1);

        Assert.Equal(expected, a[0]);
    }

    [Theory]
    [InlineData("sigmoid")]
    [InlineData("tanh")]
    [InlineData("relu")]
    [InlineData("leaky-relu")]
    [InlineData("linear")]
    public void Apply_NaN_StaysNaN(string name)
    {
        float[] a = new float[3];
        ActivationFunctions.Named(name).Apply([1f, float.NaN, 2f], a, 3);

        Assert.True(float.IsNaN(a[1]));
    }

    private static double WorstError(IActivation function, Func<double, double> expected)
    {
        float[] z = [.. UlpError.Floats(4999)];
        float[] a = new float[z.Length];
        function.Apply(z, a, z.Length);
        double worst = 0;
        for (int i = 0; i < z.Length; i++)
            worst = Math.Max(worst, UlpError.Of(a[i], expected(z[i])));
        return worst;
    }
}
