using System.Numerics;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Backprop.Core.Reference;

/// <summary>
/// The gradient as the chapter's last picture has it: a change of a weight travels along every path of neurons to the
/// cost, each path contributes the product of the rates along it, and the derivative is the sum over all paths.
/// </summary>
/// <remarks>
/// Nielsen, chapter 2, (53). Every path is walked by itself, nothing is shared between them, so the effort grows with
/// the product of the layers' sizes: for tiny networks only. Through softmax a path may change from a neuron's
/// weighted input to any output.
/// </remarks>
public static class PathSum
{
    /// <summary>The most paths that are walked: a second or so.</summary>
    public const long MaximumPaths = 2_000_000;

    /// <summary>Paths from one weight or bias of layer <paramref name="layer"/> + 2 to the cost of one example.</summary>
    public static BigInteger CountFrom(ReferenceNetwork network, int layer)
    {
        BigInteger count = network.Activations[^1] is ReferenceSoftmax ? network.Shape.Outputs : 1;
        for (int later = layer + 1; later < network.Shape.LayerCount; later++)
            count *= network.Shape.Sizes[later + 1];
        return count;
    }

    /// <summary>Paths from all weights and biases to the costs of this many examples.</summary>
    public static BigInteger Count(ReferenceNetwork network, int exampleCount)
    {
        BigInteger count = 0;
        for (int layer = 0; layer < network.Shape.LayerCount; layer++)
        {
            BigInteger starts = (BigInteger)(network.Shape.Sizes[layer] + 1) * network.Shape.Sizes[layer + 1];
            count += starts * CountFrom(network, layer);
        }

        return count * exampleCount;
    }

    /// <exception cref="ArgumentException">There are more than <see cref="MaximumPaths"/> paths.</exception>
    public static ReferenceParameters Gradient(ReferenceNetwork network, ReferenceBatch batch) =>
        Gradient(network, batch, out _);

    /// <param name="walkedPaths">Receives how many paths were summed.</param>
    /// <exception cref="ArgumentException">There are more than <see cref="MaximumPaths"/> paths.</exception>
    public static ReferenceParameters Gradient(ReferenceNetwork network, ReferenceBatch batch, out long walkedPaths)
    {
        BigInteger count = Count(network, batch.ExampleCount);
        if (count > MaximumPaths)
        {
            throw new ArgumentException(
                $"Cannot sum over all paths: {network.Shape} has {count} of them for {batch.ExampleCount} examples, and at "
                + $"most {MaximumPaths} are walked; take a smaller network, such as 3-4-3-2.");
        }

        var gradient = new ReferenceParameters(network.Shape);
        walkedPaths = 0;
        for (int example = 0; example < batch.ExampleCount; example++)
        {
            var walk = new Walk(network, batch, example);
            walk.AddTo(gradient);
            walkedPaths += walk.PathCount;
        }

        return gradient;
    }

    /// <summary>All paths of one example.</summary>
    private sealed class Walk
    {
        private readonly ReferenceNetwork network;
        private readonly DenseVector[] activations;
        private readonly Matrix<double>[] slopes;
        private readonly DenseVector costGradient;

        public Walk(ReferenceNetwork network, ReferenceBatch batch, int example)
        {
            this.network = network;
            var input = (DenseMatrix)batch.Inputs.SubMatrix(0, network.Shape.Inputs, example, 1);
            ReferenceForwardPass forward = ReferenceForwardPass.Run(network, input);
            activations = [.. forward.Activations.Select(a => new DenseVector(a.Values))];
            slopes = [.. network.Activations.Select((activation, l) => activation.Jacobian(activations[l + 1].Values))];
            costGradient = new DenseVector(network.Shape.Outputs);
            network.Cost.Gradient(
                activations[^1].Values, ((DenseVector)batch.Targets.Column(example)).Values, costGradient.Values);
        }

        public long PathCount { get; private set; }

        public void AddTo(ReferenceParameters gradient)
        {
            for (int layer = 0; layer < network.Shape.LayerCount; layer++)
            {
                DenseMatrix weights = gradient.Weights[layer];
                for (int j = 0; j < weights.RowCount; j++)
                {
                    // ∂z[j]/∂w[j,k] = a[k] of the layer before, ∂z[j]/∂b[j] = 1.
                    for (int k = 0; k < weights.ColumnCount; k++)
                        weights[j, k] += SumFrom(layer, j, activations[layer][k]);
                    gradient.Biases[layer][j] += SumFrom(layer, j, 1);
                }
            }
        }

        /// <summary>The sum over the paths from the weighted input of neuron j of a layer to the cost.</summary>
        /// <param name="rate">The product of the rates along the path so far.</param>
        private double SumFrom(int layer, int j, double rate)
        {
            if (network.Activations[layer] is not ReferenceSoftmax)
                return SumThrough(layer, j, rate * slopes[layer][j, j]);

            double sum = 0;
            for (int m = 0; m < activations[layer + 1].Count; m++)
                sum += SumThrough(layer, m, rate * slopes[layer][m, j]);
            return sum;
        }

        /// <summary>The same from the activation of neuron m.</summary>
        private double SumThrough(int layer, int m, double rate)
        {
            if (layer + 1 == network.Shape.LayerCount)
            {
                PathCount++;
                return rate * costGradient[m];
            }

            DenseMatrix next = network.Parameters.Weights[layer + 1];
            double sum = 0;
            for (int q = 0; q < next.RowCount; q++)
                sum += SumFrom(layer + 1, q, rate * next[q, m]);
            return sum;
        }
    }
}
