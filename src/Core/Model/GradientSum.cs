namespace Backprop.Core.Model;

/// <summary>
/// The value of a node of the reduction tree: Σ δ·aᵀ and Σ δ of every layer over the node's examples, and its totals.
/// A sum until the coordinator divides it, once, by the number of examples.
/// </summary>
public sealed class GradientSum
{
    public GradientSum(NetworkShape shape) => Layers = new Parameters(shape).Layers;

    /// <summary>∇W[l] and ∇b[l] as sums, shaped as the parameters are.</summary>
    public IReadOnlyList<LayerParameters> Layers { get; }

    public NodeTotals Totals { get; set; }
}
