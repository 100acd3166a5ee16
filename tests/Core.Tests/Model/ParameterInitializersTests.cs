using Backprop.Core.Model;

namespace Backprop.Core.Tests.Model;

public sealed class ParameterInitializersTests
{
    private static readonly NetworkShape shape = new(100, 400, 50);

    // Deviations from the definitions: 1/√100, 1, √(2/500), √(2/100).
    [Theory]
    [InlineData("scaled-gaussian", 0.1, 1.0)]
    [InlineData("gaussian", 1.0, 1.0)]
    [InlineData("glorot", 0.0632455532, 0.0)]
    [InlineData("he", 0.1414213562, 0.0)]
    public void Create_FirstLayer_HasTheDeviation(string name, double weights, double biases)
    {
        LayerParameters layer = ParameterInitializers.Create(name, shape, 3).Layers[0];

        // Five standard errors: of 40,000 weights 5/√80,000, of 400 biases 5/√800.
        Assert.InRange(Deviation(layer.Weights.Values.ToArray()), weights * 0.982, weights * 1.018);
        Assert.InRange(Deviation(layer.Biases.Values.ToArray()), biases * 0.82, biases * 1.18);
        Assert.InRange(layer.Weights.Values.ToArray().Average(), -weights * 0.025, weights * 0.025);
    }

    [Fact]
    public void Create_SameSeed_SameWeights()
    {
        Assert.Equal(
            ParameterInitializers.Create("gaussian", shape, 3).ComputeSha256(),
            ParameterInitializers.Create("gaussian", shape, 3).ComputeSha256());
        Assert.NotEqual(
            ParameterInitializers.Create("gaussian", shape, 3).ComputeSha256(),
            ParameterInitializers.Create("gaussian", shape, 4).ComputeSha256());
    }

    [Fact]
    public void Create_TwoLayersOfOneShape_DrawDifferentNumbers()
    {
        Parameters parameters = ParameterInitializers.Create("gaussian", new NetworkShape(5, 5, 5), 1);

        Assert.NotEqual(parameters.Layers[0].Weights.Values.ToArray(), parameters.Layers[1].Weights.Values.ToArray());
    }

    [Fact]
    public void Create_Unknown_ListsTheNames()
    {
        var error = Assert.Throws<UserErrorException>(() => ParameterInitializers.Create("ones", shape, 1));

        Assert.Equal("--initializer knows no 'ones'; try scaled-gaussian, gaussian, glorot, he", error.Message);
    }

    private static double Deviation(float[] values) => Math.Sqrt(values.Sum(v => (double)v * v) / values.Length);
}
