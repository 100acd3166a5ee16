using Backprop.Core.Activations;
using Backprop.Core.Elements;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>Completes a layer after its product: z = W·a + b, then a = σ(z) (equation 25).</summary>
internal sealed class ActivationWork : ColumnWork
{
    public IActivation? Function { get; set; }

    /// <summary>b, one a row.</summary>
    public ColumnBlock Biases { get; set; }

    /// <summary>W·a; receives z.</summary>
    public ColumnBlock WeightedInput { get; set; }

    /// <summary>Receives σ(z); may be the same memory as z.</summary>
    public ColumnBlock Activation { get; set; }

    public override void Process(int first, int count)
    {
        ColumnBlock z = WeightedInput.Slice(first, count);
        for (int column = 0; column < count; column++)
            ElementLoop.Map(default(Sum), z.Column(column), Biases.Values, z.Column(column));
        Function!.Apply(z.Values, Activation.Slice(first, count).Values, z.Rows);
    }
}
