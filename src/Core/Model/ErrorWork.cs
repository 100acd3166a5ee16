using Backprop.Core.Activations;
using Backprop.Core.Costs;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>δ of the output layer: ∇ₐC ⊙ σ′(z) (BP1), or a − y where the cost's slope and σ′ cancel.</summary>
internal sealed class OutputErrorWork(ForwardPass forward, ICost cost, IActivation function) : ColumnWork
{
    /// <summary>Receives δ.</summary>
    public ColumnBlock Error { get; set; }

    public override void Process(int first, int count)
    {
        Span<float> activation = forward.Activation(forward.LayerCount, Columns).Slice(first, count).Values;
        Span<float> error = Error.Slice(first, count).Values;
        cost.OutputError(activation, forward.Targets(Columns).Slice(first, count).Values, error);
        if (!cost.ErrorIncludesSlope)
            function.MultiplyBySlope(activation, error, Error.Rows);
    }
}

/// <summary>The second half of BP2: (W[l+1]ᵀ·δ[l+1]) ⊙ σ′(z[l]).</summary>
internal sealed class SlopeWork : ColumnWork
{
    public IActivation? Function { get; set; }

    public ColumnBlock Activation { get; set; }

    /// <summary>W[l+1]ᵀ·δ[l+1]; receives δ[l].</summary>
    public ColumnBlock Error { get; set; }

    public override void Process(int first, int count) =>
        Function!.MultiplyBySlope(
            Activation.Slice(first, count).Values, Error.Slice(first, count).Values, Error.Rows);
}
