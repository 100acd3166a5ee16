using Backprop.Core.Activations;
using Backprop.Core.Costs;

namespace Backprop.Core.Tests.Costs;

public sealed class CostTests
{
    [Fact]
    public void Quadratic_HandCalculation_HalfSquaredDistance()
    {
        // ½((0.5 − 1)² + (0.25 − 0)²) = ½(0.25 + 0.0625); the second example is right to the bit.
        double[] cost = PerExample("quadratic", [0f, 0f, 0f, 0f], [0.5f, 0.25f, 0f, 1f], [1f, 0f, 0f, 1f], 2);

        Assert.Equal([0.15625, 0.0], cost);
    }

    [Fact]
    public void CrossEntropy_ModerateOutputs_EqualsTheDefinition()
    {
        float[] z = [0.3f, -1.2f, 2f, 0f];
        float[] y = [1f, 0f, 0f, 1f];
        double[] a = [.. z.Select(value => 1 / (1 + Math.Exp(-value)))];
        double first = -Math.Log(a[0]) - Math.Log(1 - a[1]);
        double second = -Math.Log(1 - a[2]) - Math.Log(a[3]);

        double[] cost = PerExample("cross-entropy", z, new float[4], y, 2);

        Assert.Equal(first, cost[0], 1e-14);
        Assert.Equal(second, cost[1], 1e-14);
    }

    [Fact]
    public void LogLikelihood_ModerateOutputs_EqualsTheDefinition()
    {
        float[] z = [0.3f, -1.2f, 2f, 5f, 5f, -5f];
        double first = Math.Log(Math.Exp(0.3f) + Math.Exp(-1.2f) + Math.Exp(2)) - 0.3f;
        double second = Math.Log(Math.Exp(5) + Math.Exp(5) + Math.Exp(-5)) + 5;

        double[] cost = PerExample("log-likelihood", z, new float[6], [1f, 0f, 0f, 0f, 0f, 1f], 2);

        Assert.Equal(first, cost[0], 1e-14);
        Assert.Equal(second, cost[1], 1e-14);
    }

    // A wrong saturated answer costs its distance, a right one (almost) nothing.
    [Theory]
    [InlineData("cross-entropy", 1e4f, 0f, 1e4)]
    [InlineData("cross-entropy", 1e4f, 1f, 0.0)]
    [InlineData("cross-entropy", -1e4f, 1f, 1e4)]
    [InlineData("cross-entropy", -1e4f, 0f, 0.0)]
    [InlineData("cross-entropy", 40f, 1f, 4.248354255291589e-18)] // e⁻⁴⁰
    public void CrossEntropy_Saturated_Finite(string name, float z, float y, double expected) =>
        Assert.Equal(expected, PerExample(name, [z], new float[1], [y], 1)[0], expected * 1e-14);

    [Theory]
    [InlineData(1e4f, -1e4f, 0.0)]
    [InlineData(-1e4f, 1e4f, 2e4)]
    [InlineData(40f, 0f, 4.248354255291589e-18)] // ln(1 + e⁻⁴⁰)
    [InlineData(3.4e38f, -3.4e38f, 0.0)]
    public void LogLikelihood_Saturated_Finite(float rightOne, float other, double expected) =>
        Assert.Equal(
            expected, PerExample("log-likelihood", [rightOne, other], new float[2], [1f, 0f], 1)[0], expected * 1e-14);

    [Theory]
    [InlineData("quadratic", "sigmoid")]
    [InlineData("quadratic", "tanh")]
    [InlineData("quadratic", "softmax")]
    [InlineData("quadratic", "linear")]
    [InlineData("cross-entropy", "sigmoid")]
    [InlineData("log-likelihood", "softmax")]
    public void OutputError_WithItsActivation_IsTheCostsSlope(string costName, string activationName)
    {
        ICost cost = CostFunctions.Named(costName);
        IActivation activation = ActivationFunctions.Named(activationName);
        float[] z = [0.4f, -0.3f, 1.1f];
        float[] y = [0f, 1f, 0f];
        float[] a = new float[3];
        float[] error = new float[3];
        activation.Apply(z, a, 3);
        cost.OutputError(a, y, error);
        if (!cost.ErrorIncludesSlope)
            activation.MultiplyBySlope(a, error, 3);

        // Central differences of single-precision activations: steps of 2⁻⁸ keep rounding below 1e-4.
        const float step = 1f / 256;
        for (int j = 0; j < 3; j++)
        {
            double slope = (CostAt(j, step) - CostAt(j, -step)) / (2 * step);
            Assert.Equal(slope, error[j], 1e-4);
        }

        double CostAt(int j, float change)
        {
            float[] moved = [.. z];
            moved[j] += change;
            float[] outputs = new float[3];
            activation.Apply(moved, outputs, 3);
            return PerExample(costName, moved, outputs, y, 1)[0];
        }
    }

    [Fact]
    public void Named_Unknown_ListsTheNames()
    {
        var error = Assert.Throws<UserErrorException>(() => CostFunctions.Named("hinge"));

        Assert.Equal("--cost knows no 'hinge'; try quadratic, cross-entropy, log-likelihood", error.Message);
    }

    private static double[] PerExample(string name, float[] z, float[] a, float[] y, int examples)
    {
        double[] cost = new double[examples];
        CostFunctions.Named(name).PerExample(z, a, y, new double[z.Length], cost);
        return cost;
    }
}
