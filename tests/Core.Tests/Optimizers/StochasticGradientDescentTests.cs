using Backprop.Core.Data;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Training;

namespace Backprop.Core.Tests.Optimizers;

public sealed class StochasticGradientDescentTests
{
    private static readonly NetworkShape shape = new(1, 1);

    [Fact]
    public void Update_Plain_SubtractsTheMeanTimesTheRate()
    {
        // 2 − 0.5·(6/4) = 1.25; 1 − 0.5·(2/4) = 0.75.
        Parameters parameters = Of(2f, 1f);
        IOptimizer optimizer = OptimizerCatalog.Create(Configuration(0, 0));

        Update(optimizer, parameters, SumOf(6f, 2f), 4, 0.5, optimizer.CreateState(shape));

        Assert.Equal(1.25f, parameters.Layers[0].Weights[0, 0]);
        Assert.Equal(0.75f, parameters.Layers[0].Biases.Values[0]);
    }

    [Fact]
    public void Update_WithL2_DecaysTheWeightsOnly()
    {
        // g = 6/4 + 0.25·2 = 2, so 2 − 0.5·2 = 1; the bias as without.
        Parameters parameters = Of(2f, 1f);
        IOptimizer optimizer = OptimizerCatalog.Create(Configuration(0, 0.25));

        Update(optimizer, parameters, SumOf(6f, 2f), 4, 0.5, optimizer.CreateState(shape));

        Assert.Equal(1f, parameters.Layers[0].Weights[0, 0]);
        Assert.Equal(0.75f, parameters.Layers[0].Biases.Values[0]);
    }

    [Fact]
    public void Update_WithMomentum_VelocityGathers()
    {
        // v: 1.5, then 0.5·1.5 + 1.5 = 2.25; W: 2 − 0.5·1.5 = 1.25, then 1.25 − 0.5·2.25 = 0.125.
        Parameters parameters = Of(2f, 1f);
        IOptimizer optimizer = OptimizerCatalog.Create(Configuration(0.5, 0));
        OptimizerState state = optimizer.CreateState(shape);

        Update(optimizer, parameters, SumOf(6f, 2f), 4, 0.5, state);
        Update(optimizer, parameters, SumOf(6f, 2f), 4, 0.5, state);

        Assert.Equal(0.125f, parameters.Layers[0].Weights[0, 0]);
        Assert.Equal(2.25f, state.Velocity!.Layers[0].Weights[0, 0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Step_EveryWidth_SameBits(bool hasMomentum)
    {
        var optimizer = new StochasticGradientDescent(hasMomentum ? 0.9 : 0, 0.001);
        var random = new RandomSource(1, 5);
        float[] values = Numbers(random);
        float[] velocity = Numbers(random);
        float[] sum = Numbers(random);
        float[]? expected = null;
        float[]? expectedVelocity = null;
        foreach (int width in new[] { 1, 4, 8, 16 })
        {
            float[] w = [.. values];
            float[] v = [.. velocity];
            optimizer.Step(w, hasMomentum ? v : default(Span<float>), sum, w, 7, 0.001f, 0.3f, width);
            expected ??= w;
            expectedVelocity ??= v;
            Assert.Equal(expected, w);
            Assert.Equal(expectedVelocity, v);
        }
    }

    [Theory]
    [InlineData("adam", 3, 0, 0, "--optimizer knows no 'adam'; try sgd")]
    [InlineData("sgd", 0, 0, 0, "--learning-rate 0 does not fit; try a number above 0, such as 3.0")]
    [InlineData("sgd", double.NaN, 0, 0, "--learning-rate NaN does not fit; try a number above 0, such as 3.0")]
    [InlineData("sgd", 3, 1, 0, "--momentum 1 does not fit; try a number from 0 to below 1, such as 0.9")]
    [InlineData("sgd", 3, 0, -0.5, "--l2 -0.5 does not fit; try 0 or a small number above it, such as 0.0001")]
    public void Create_ImpossibleValue_SaysWhatFits(
        string name, double rate, double momentum, double l2, string expected)
    {
        var error = Assert.Throws<UserErrorException>(() => OptimizerCatalog.Create(
            Configuration(momentum, l2) with { Optimizer = name, LearningRate = rate }));

        Assert.Equal(expected, error.Message);
    }

    private static void Update(
        IOptimizer optimizer, Parameters parameters, GradientSum sum, int exampleCount, double rate, OptimizerState state)
    {
        LayerParameters layer = parameters.Layers[0];
        LayerParameters? velocity = state.Velocity?.Layers[0];
        foreach (bool areBiases in (bool[])[false, true])
        {
            Span<float> Of(LayerParameters? numbers) => numbers is null ? default : areBiases ? numbers.Biases.Values : numbers.Weights.Values;
            optimizer.Update(Of(layer), Of(velocity), Of(sum.Layers[0]), Of(layer), exampleCount, rate, areBiases);
        }
    }

    private static float[] Numbers(RandomSource random)
    {
        float[] numbers = new float[61];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = (float)random.NextGaussian();
        return numbers;
    }

    private static RunConfiguration Configuration(double momentum, double l2) => new()
    {
        Layers = "1-1", Shards = 1, DatasetSha256 = "", Momentum = momentum, L2 = l2,
    };

    private static Parameters Of(float weight, float bias)
    {
        var parameters = new Parameters(shape);
        parameters.Layers[0].Weights[0, 0] = weight;
        parameters.Layers[0].Biases.Values[0] = bias;
        return parameters;
    }

    private static GradientSum SumOf(float weight, float bias)
    {
        var sum = new GradientSum(shape);
        Of(weight, bias).Layers[0].CopyTo(sum.Layers[0]);
        return sum;
    }
}
