using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Sharding;

namespace Backprop.Core.Tests.Model;

/// <summary>A network 2-2-1 of which every number was found by hand from BP1 to BP4.</summary>
public sealed class HandCalculationTests
{
    [Fact]
    public void Train_LinearTwoTwoOne_EqualsTheHandCalculation()
    {
        // W[2] = (1 2; 3 4), b[2] = (0.5, −0.5), W[3] = (1 −1), b[3] = 0.25, all linear, quadratic cost.
        // x = (1, 2), y = 1 (one class: label 0):
        //   z[2] = (1·1 + 2·2 + 0.5, 3·1 + 4·2 − 0.5) = (5.5, 10.5); a[3] = 5.5 − 10.5 + 0.25 = −4.75.
        //   C = ½·(−5.75)² = 16.53125; δ[3] = −5.75 (BP1); δ[2] = W[3]ᵀ·δ[3] = (−5.75, 5.75) (BP2).
        //   ∇b = δ (BP3); ∇W[3] = δ[3]·a[2]ᵀ = (−31.625, −60.375); ∇W[2] = δ[2]·xᵀ (BP4).
        GradientSum sum = Train("linear");

        Assert.Equal(new NodeTotals(1, 1, 16.53125), sum.Totals);
        Assert.Equal([-5.75f], sum.Layers[1].Biases.Values);
        Assert.Equal([-31.625f, -60.375f], sum.Layers[1].Weights.Values);
        Assert.Equal([-5.75f, 5.75f], sum.Layers[0].Biases.Values);
        Assert.Equal([-5.75f, 5.75f, -11.5f, 11.5f], sum.Layers[0].Weights.Values); // column-major
    }

    [Fact]
    public void Train_SigmoidOutputOnTheSame_TimesItsSlope()
    {
        // With a sigmoid output a[3] = 1/(1 + e^4.75) = 0.0085769 and δ[3] = (a − 1)·a·(1 − a) = −0.0084304.
        double a = 1 / (1 + Math.Exp(4.75));
        double delta = (a - 1) * a * (1 - a);

        GradientSum sum = Train("linear,sigmoid");

        Assert.Equal(0.5 * (a - 1) * (a - 1), sum.Totals.Cost, 1e-7);
        Assert.Equal(delta, sum.Layers[1].Biases.Values[0], 1e-9);
        Assert.Equal(-delta * 2, sum.Layers[0].Weights[1, 1], 1e-8); // δ[2]₂·x₂ with δ[2]₂ = −1·δ[3]
    }

    private static GradientSum Train(string activations)
    {
        var shape = new NetworkShape(2, 2, 1);
        var parameters = new Parameters(shape);
        new float[] { 1, 3, 2, 4 }.CopyTo(parameters.Layers[0].Weights.Values);
        new float[] { 0.5f, -0.5f }.CopyTo(parameters.Layers[0].Biases.Values);
        new float[] { 1, -1 }.CopyTo(parameters.Layers[1].Weights.Values);
        parameters.Layers[1].Biases.Values[0] = 0.25f;
        var examples = ExampleSet.FromFloats([1f, 2f], [0], 2, 1);
        using var team = new ThreadTeam(1);
        var computation = new NodeBackpropagation(NetworkModel.Create(shape, activations, "quadratic"), 1, team);
        var collector = new NodeValueCollector(shape);

        computation.Train(
            examples, [0], parameters, [new ShardNode(0, 1)], 1, 1, IParameterGate.Open, collector);

        return collector.Values[new ShardNode(0, 1)];
    }
}
