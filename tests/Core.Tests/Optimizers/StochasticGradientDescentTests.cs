using Backprop.Core.Data;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Training;

namespace Backprop.Core.Tests.Optimizers;

public sealed class StochasticGradientDescentTests
{
    private static readonly NetworkShape shape = new(1, 1);
    private static readonly int[] widths = [1, 4, 8, 16];

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
    public void TryUpdate_AnyWidthPlaceAndLength_IsEachElementAlone(bool hasMomentum)
    {
        var optimizer = new StochasticGradientDescent(hasMomentum ? 0.9 : 0, 0.001);
        var random = new RandomSource(1, 5);
        (float[] values, float[] velocity, float[] sum, float[] other) = (Numbers(random), Numbers(random), Numbers(random), Numbers(random));
        foreach (bool isHalf in (bool[])[false, true])
        {
            (float[] expected, float[] expectedVelocity) = ([.. values], [.. velocity]);
            for (int i = 0; i < values.Length; i++)
                Assert.True(Try(optimizer, values, expectedVelocity, sum, isHalf ? other : null, expected, i, 1, false, 1));
            foreach (bool isForOthers in (bool[])[false, true])
            {
                foreach (int width in widths)
                {
                    for (int length = 0; length <= 70; length++)
                    {
                        int offset = length % 19;
                        (float[] w, float[] v) = (new float[values.Length], [.. velocity]);
                        Array.Fill(w, float.NaN);
                        Assert.True(Try(optimizer, values, v, sum, isHalf ? other : null, w, offset, length, isForOthers, width));
                        Range run = offset..(offset + length);
                        Assert.Equal(expected[run], w[run]);
                        Assert.All(w[..offset].Concat(w[(offset + length)..]), number => Assert.True(float.IsNaN(number)));
                        if (hasMomentum)
                            Assert.Equal(expectedVelocity[run], v[run]);
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(float.MaxValue, 0, float.MaxValue, true)]
    [InlineData(float.MaxValue, float.MaxValue, float.MaxValue, false)]
    [InlineData(-3, -1, 4, true)]
    [InlineData(-3.0000002f, -1, 4, true)]
    [InlineData(-3.0000005f, -1, 4, false)]
    [InlineData(float.NaN, 0, 4, false)]
    [InlineData(0, float.NaN, float.MaxValue, false)]
    [InlineData(float.PositiveInfinity, 0, float.MaxValue, false)]
    [InlineData(float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, false)]
    public void TryUpdate_OneElement_ItsSumIsHeldToTheLimitWhereverItIs(float number, float added, float limit, bool isWithin)
    {
        var optimizer = new StochasticGradientDescent(0, 0);
        foreach (bool isForOthers in (bool[])[false, true])
        {
            foreach (int width in widths)
            {
                for (int place = 0; place < 61; place++)
                {
                    // Wherever a cache line begins.
                    for (int offset = 0; offset < 16; offset += isForOthers ? 1 : 16)
                    {
                        (float[] sum, float[] other, float[] values) = (new float[80], new float[80], new float[80]);
                        (sum[offset + place], other[offset + place]) = (number, added);
                        Assert.Equal(isWithin, Try(optimizer, values, [], sum, other, values, offset, 61, isForOthers, width, limit));
                    }
                }
            }
        }
    }

    [Fact]
    public void TryUpdate_UnequalLengths_SaysAll()
    {
        IOptimizer optimizer = OptimizerCatalog.Create(Configuration(0, 0));
        var error = Assert.Throws<ArgumentException>(() => optimizer.TryUpdate(
            new StepSlice { Values = new float[3], Sum = new float[4], OtherHalf = new float[5], Velocity = new float[6], Updated = new float[7] }, 1, 1, 1));
        Assert.Equal("3 values, with 4 and 5 sums, a velocity of 6 numbers and room for 7; expected one length.", error.Message);
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
            var slice = new StepSlice
            {
                Values = Of(layer), Velocity = Of(velocity), Sum = Of(sum.Layers[0]), Updated = Of(layer), AreBiases = areBiases,
            };
            Assert.True(optimizer.TryUpdate(slice, exampleCount, rate, 100));
        }
    }

    private static bool Try(
        StochasticGradientDescent optimizer, float[] values, float[] velocity, float[] sum, float[]? other, float[] updated, int offset, int length,
        bool isForOthers, int width, float limit = 100)
    {
        var slice = new StepSlice
        {
            Values = values.AsSpan(offset, length),
            Velocity = optimizer.CreateState(shape).Velocity is null ? default : velocity.AsSpan(offset, length),
            Sum = sum.AsSpan(offset, length),
            OtherHalf = other.AsSpan(other is null ? 0 : offset, other is null ? 0 : length),
            Updated = updated.AsSpan(offset, length),
            IsForOthers = isForOthers,
        };
        return optimizer.TryUpdate(slice, 7, 0.3, limit, width);
    }

    private static float[] Numbers(RandomSource random)
    {
        float[] numbers = new float[90];
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
