using Backprop.Core.Activations;
using Backprop.Core.Costs;
using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Sharding;

namespace Backprop.Core.Tests.Model;

/// <summary>Every gradient against central differences of the double-precision oracle.</summary>
public sealed class GradientTests
{
    [Theory]
    [InlineData("5-4-3", "sigmoid", "quadratic")]
    [InlineData("5-4-3", "sigmoid", "cross-entropy")]
    [InlineData("5-4-3", "tanh,softmax", "log-likelihood")]
    [InlineData("5-4-3", "relu,softmax", "quadratic")]
    [InlineData("5-7-6-4-3", "leaky-relu,tanh,sigmoid,linear", "quadratic")]
    [InlineData("5-4-4-3", "linear", "quadratic")]
    [InlineData("5-3", "softmax", "log-likelihood")]
    public void Train_SomeExamples_GradientsOfTheCost(string shapeText, string activations, string cost)
    {
        NetworkShape shape = NetworkShape.Parse(shapeText);
        NetworkModel model = NetworkModel.Create(shape, activations, cost);

        AssertGradients(model, [.. model.Activations.Select((activation, l) =>
            Enumerable.Repeat(activation.Name, shape.Sizes[l + 1]).ToArray())]);
    }

    [Fact]
    public void Train_SingleModifiedNeuron_GradientsOfTheCost()
    {
        // The chapter's question: one neuron of the hidden layer, then one of the output, has another function.
        string[][] names = [["sigmoid", "tanh", "sigmoid", "sigmoid"], ["sigmoid", "sigmoid", "linear"]];
        var model = new NetworkModel(
            new NetworkShape(5, 4, 3),
            [.. names.Select(layer => new MixedActivation([.. layer.Select(ActivationFunctions.Named)]))],
            CostFunctions.Named("quadratic"));

        AssertGradients(model, names);
    }

    private static void AssertGradients(NetworkModel model, string[][] functions)
    {
        const int count = 6;
        ExampleSet examples = RandomExamples.Create(4, count, model.Shape.Inputs, model.Shape.Outputs);
        Parameters parameters = ParameterInitializers.Create("scaled-gaussian", model.Shape, 8);
        using var team = new ThreadTeam(1);
        var collector = new NodeValueCollector(model.Shape);
        new NodeBackpropagation(model, count, team).Train(
            examples, [0, 1, 2, 3, 4, 5], parameters, [new ShardNode(0, 2)], 2, count, IParameterGate.Open, collector);
        GradientSum sum = collector.Values[new ShardNode(0, 2)];

        var oracle = new DoubleNetwork(parameters, functions, model.Cost);
        float[][] x = [.. Enumerable.Range(0, count).Select(i => Column(examples, i, true))];
        float[][] y = [.. Enumerable.Range(0, count).Select(i => Column(examples, i, false))];
        Assert.Equal(Over((xi, yi) => oracle.Cost(xi, yi)), sum.Totals.Cost, 1e-5);
        for (int l = 0; l < sum.Layers.Count; l++)
        {
            for (int j = 0; j < sum.Layers[l].Outputs; j++)
            {
                Assert.Equal(Over((xi, yi) => oracle.BiasSlope(l, j, xi, yi)), sum.Layers[l].Biases.Values[j], 2e-5);
                for (int k = 0; k < sum.Layers[l].Inputs; k++)
                {
                    double slope = Over((xi, yi) => oracle.WeightSlope(l, j, k, xi, yi));
                    Assert.Equal(slope, sum.Layers[l].Weights[j, k], 2e-5);
                }
            }
        }

        double Over(Func<float[], float[], double> value) => Enumerable.Range(0, count).Sum(i => value(x[i], y[i]));
    }

    private static float[] Column(ExampleSet examples, int example, bool inputs)
    {
        float[] values = new float[inputs ? examples.InputCount : examples.ClassCount];
        var block = new ColumnBlock(values, 0, values.Length, 1);
        if (inputs)
            examples.CopyInputs([example], block);
        else
            examples.CopyTargets([example], block);
        return values;
    }
}
