using MathNet.Numerics.LinearAlgebra.Double;

namespace Backprop.Core.Reference;

/// <summary>The chapter's own algorithm: a backpropagation of vectors for each example, and the sum of the results.</summary>
public static class PerExampleBackpropagation
{
    public static ReferenceParameters Gradient(ReferenceNetwork network, ReferenceBatch batch)
    {
        var sum = new ReferenceParameters(network.Shape);
        for (int example = 0; example < batch.ExampleCount; example++)
        {
            var x = (DenseVector)batch.Inputs.Column(example);
            var y = (DenseVector)batch.Targets.Column(example);
            AddGradient(network, x, y, sum);
        }

        return sum;
    }

    private static void AddGradient(ReferenceNetwork network, DenseVector x, DenseVector y, ReferenceParameters sum)
    {
        int last = network.Shape.LayerCount - 1;
        var activations = new DenseVector[last + 2];
        activations[0] = x;
        for (int layer = 0; layer <= last; layer++)
        {
            DenseVector z = (network.Parameters.Weights[layer] * activations[layer]) + network.Parameters.Biases[layer];
            activations[layer + 1] = network.Activations[layer].Apply(z);
        }

        var delta = new DenseVector(network.Shape.Outputs);
        network.Cost.OutputError(network.Activations[last], activations[^1].Values, y.Values, delta.Values);
        for (int layer = last; layer >= 0; layer--)
        {
            if (layer < last)
            {
                delta = (DenseVector)network.Parameters.Weights[layer + 1].TransposeThisAndMultiply(delta);
                network.Activations[layer].MultiplyBySlope(activations[layer + 1].Values, delta.Values);
            }

            sum.Weights[layer].Add(delta.OuterProduct(activations[layer]), sum.Weights[layer]);
            sum.Biases[layer].Add(delta, sum.Biases[layer]);
        }
    }
}
