using MathNet.Numerics.LinearAlgebra.Double;

namespace Backprop.Core.Reference;

/// <summary>Z[l] and A[l] of all layers for a mini-batch.</summary>
public sealed class ReferenceForwardPass
{
    private readonly ReferenceNetwork network;
    private readonly DenseMatrix[] weightedInputs;
    private readonly DenseMatrix[] activations;

    private ReferenceForwardPass(ReferenceNetwork network, DenseMatrix[] weightedInputs, DenseMatrix[] activations)
    {
        this.network = network;
        this.weightedInputs = weightedInputs;
        this.activations = activations;
    }

    /// <summary>Z of layer l + 2 at [l], n[l+2] × B.</summary>
    public IReadOnlyList<DenseMatrix> WeightedInputs => weightedInputs;

    /// <summary>A of layer l + 1 at [l]: the inputs at [0], one more than <see cref="WeightedInputs"/>.</summary>
    public IReadOnlyList<DenseMatrix> Activations => activations;

    /// <summary>A[L].</summary>
    public DenseMatrix Outputs => activations[^1];

    /// <summary>Z[l] = W[l]·A[l−1] + b[l]·1ᵀ, A[l] = σ(Z[l]).</summary>
    /// <param name="inputs">X, n[1] × B.</param>
    /// <exception cref="ArgumentException">The inputs do not have n[1] rows.</exception>
    public static ReferenceForwardPass Run(ReferenceNetwork network, DenseMatrix inputs)
    {
        if (inputs.RowCount != network.Shape.Inputs)
        {
            throw new ArgumentException(
                $"Cannot run {network.Shape} forward: inputs are {inputs.RowCount}x{inputs.ColumnCount}; "
                + $"expected {network.Shape.Inputs} rows.");
        }

        int layerCount = network.Shape.LayerCount;
        var weightedInputs = new DenseMatrix[layerCount];
        var activations = new DenseMatrix[layerCount + 1];
        activations[0] = inputs;
        for (int layer = 0; layer < layerCount; layer++)
        {
            DenseMatrix z = network.Parameters.Weights[layer] * activations[layer];
            AddToEachColumn(network.Parameters.Biases[layer].Values, z);
            weightedInputs[layer] = z;
            activations[layer + 1] = network.Activations[layer].Apply(z);
        }

        return new ReferenceForwardPass(network, weightedInputs, activations);
    }

    /// <summary>Σ cost over the examples.</summary>
    /// <param name="targets">Y, n[L] × B.</param>
    public double TotalCost(DenseMatrix targets) => network.Cost.Total(weightedInputs[^1], Outputs, targets);

    private static void AddToEachColumn(double[] biases, DenseMatrix z)
    {
        double[] values = z.Values;
        for (int i = 0, j = 0; i < values.Length; i++)
        {
            values[i] += biases[j];
            j = j + 1 == biases.Length ? 0 : j + 1;
        }
    }
}
