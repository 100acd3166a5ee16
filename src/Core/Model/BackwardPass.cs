using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>The errors of a pass: BP1 at the output, BP2 layer by layer down. As in <see cref="ForwardPass"/> each column is its own.</summary>
internal sealed class BackwardPass
{
    private readonly NetworkModel model;
    private readonly ForwardPass forward;

    // Δ[2] … Δ[L], beside the layers of the parameters.
    private readonly float[][] errors;

    public BackwardPass(NetworkModel model, ForwardPass forward, int capacity)
    {
        this.model = model;
        this.forward = forward;
        errors = [.. model.Shape.Sizes.Skip(1).Select(size => new float[checked(size * capacity)])];
    }

    /// <summary>Δ of the layer <see cref="Parameters.Layers"/>[layer].</summary>
    public ColumnBlock Error(int layer, ColumnRange columns)
    {
        int rows = model.Shape.Sizes[layer + 1];
        return new ColumnBlock(errors[layer], columns.First * rows, rows, columns.Count);
    }

    /// <summary>δ of the output layer: ∇ₐC ⊙ σ′(z) (BP1), or a − y where the cost's slope and σ′ cancel.</summary>
    public void OutputError(ColumnRange columns)
    {
        ColumnBlock error = Error(forward.LayerCount - 1, columns);
        Span<float> activation = forward.Activation(forward.LayerCount, columns).Values;
        model.Cost.OutputError(activation, forward.Targets(columns).Values, error.Values);
        if (!model.Cost.ErrorIncludesSlope)
            model.Activations[^1].MultiplyBySlope(activation, error.Values, error.Rows);
    }

    /// <summary>BP2: δ[l] = (W[l+1]ᵀ δ[l+1]) ⊙ σ′(z[l]).</summary>
    /// <param name="layer">Whose error is there; that of the layer below arises.</param>
    public void CarryBack(int layer, LayerParameters parameters, MatrixProduct product, ColumnRange columns)
    {
        ColumnBlock error = Error(layer - 1, columns);
        product.TransposeMultiply(parameters.Weights, Error(layer, columns), error);
        model.Activations[layer - 1].MultiplyBySlope(forward.Activation(layer, columns).Values, error.Values, error.Rows);
    }
}
