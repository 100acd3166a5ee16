using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Backprop.Core.Reference;

/// <summary>
/// Errors as products of matrices alone: δ[l] = Σ′(z[l])·W[l+1]ᵀ ⋯ Σ′(z[L−1])·W[L]ᵀ·Σ′(z[L])·∇ₐC, with the slopes of a
/// layer in the diagonal of Σ′ (softmax: its full Jacobian).
/// </summary>
/// <remarks>
/// Nielsen, chapter 2, (33) to (35). The products are multiplied out from the left end of each step, as matrices, and
/// meet ∇ₐC last: another order of operations than BP2, and no use of the shortened δ[L] = a − y.
/// </remarks>
public static class SquareMatrixBackpropagation
{
    public static ReferenceParameters Gradient(ReferenceNetwork network, ReferenceBatch batch)
    {
        ReferenceForwardPass forward = ReferenceForwardPass.Run(network, batch.Inputs);
        var gradient = new ReferenceParameters(network.Shape);
        for (int example = 0; example < batch.ExampleCount; example++)
            AddGradient(network, forward, batch.Targets, example, gradient);
        return gradient;
    }

    private static void AddGradient(
        ReferenceNetwork network, ReferenceForwardPass forward, DenseMatrix targets, int example,
        ReferenceParameters gradient)
    {
        int last = network.Shape.LayerCount - 1;
        Vector<double> outputError = OutputError(
            network, (DenseVector)forward.Outputs.Column(example), (DenseVector)targets.Column(example));

        // Σ′(z[l])·W[l+1]ᵀ ⋯ W[L]ᵀ, n[l] × n[L]; nothing yet at the output layer.
        Matrix<double>? product = null;
        for (int layer = last; layer >= 0; layer--)
        {
            if (layer < last)
            {
                var a = (DenseVector)forward.Activations[layer + 1].Column(example);
                Matrix<double> step = network.Activations[layer].Jacobian(a.Values)
                    * network.Parameters.Weights[layer + 1].Transpose();
                product = product is null ? step : step * product;
            }

            Vector<double> delta = product is null ? outputError : product * outputError;
            Vector<double> input = forward.Activations[layer].Column(example);
            gradient.Weights[layer].Add(delta.OuterProduct(input), gradient.Weights[layer]);
            gradient.Biases[layer].Add(delta, gradient.Biases[layer]);
        }
    }

    /// <summary>Σ′(z[L])ᵀ·∇ₐC (Σ′ is symmetric); where an output is exactly 0 or 1, ∇ₐC is infinite and BP1's limit stands.</summary>
    private static DenseVector OutputError(ReferenceNetwork network, DenseVector a, DenseVector y)
    {
        ReferenceActivation activation = network.Activations[^1];
        var costGradient = new DenseVector(a.Count);
        network.Cost.Gradient(a.Values, y.Values, costGradient.Values);
        var error = (DenseVector)activation.Jacobian(a.Values).TransposeThisAndMultiply(costGradient);
        if (!error.Values.All(double.IsFinite))
            network.Cost.OutputError(activation, a.Values, y.Values, error.Values);
        return error;
    }
}
