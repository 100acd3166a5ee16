using MathNet.Numerics.LinearAlgebra.Double;

namespace Backprop.Core.Reference;

/// <summary>
/// The fully matrix-based form over a mini-batch, one example a column: the form that training has in single
/// precision, and the one with which all others are compared.
/// </summary>
public static class MatrixBackpropagation
{
    /// <summary>∇W[l] = Δ[l]·A[l−1]ᵀ and ∇b[l] = Δ[l]·1: sums over the examples, not means.</summary>
    public static ReferenceParameters Gradient(ReferenceNetwork network, ReferenceBatch batch)
    {
        ReferenceForwardPass forward = ReferenceForwardPass.Run(network, batch.Inputs);
        var gradient = new ReferenceParameters(network.Shape);
        int last = network.Shape.LayerCount - 1;

        // BP1
        DenseMatrix error = network.Cost.OutputError(network.Activations[last], forward.Outputs, batch.Targets);
        for (int layer = last; layer >= 0; layer--)
        {
            if (layer < last)
            {
                // BP2: Δ[l] = (W[l+1]ᵀ·Δ[l+1]) ⊙ σ′(Z[l])
                error = (DenseMatrix)network.Parameters.Weights[layer + 1].TransposeThisAndMultiply(error);
                network.Activations[layer].MultiplyBySlope(forward.Activations[layer + 1], error);
            }

            // BP4, BP3
            error.TransposeAndMultiply(forward.Activations[layer], gradient.Weights[layer]);
            SumColumns(error, gradient.Biases[layer].Values);
        }

        return gradient;
    }

    private static void SumColumns(DenseMatrix error, double[] sums)
    {
        double[] values = error.Values;
        for (int i = 0, j = 0; i < values.Length; i++)
        {
            sums[j] += values[i];
            j = j + 1 == sums.Length ? 0 : j + 1;
        }
    }
}
