namespace Backprop.Core.Model;

/// <summary>
/// The value of a node of the reduction tree: Σ δ·aᵀ and Σ δ of every layer over the node's examples, and its totals.
/// A sum until the coordinator divides it, once, by the number of examples.
/// </summary>
public class GradientSum
{
    public GradientSum(NetworkShape shape)
        : this(new Parameters(shape).Layers)
    {
    }

    /// <param name="layers">Where the sums stand.</param>
    public GradientSum(IReadOnlyList<LayerParameters> layers) => Layers = layers;

    /// <summary>∇W[l] and ∇b[l] as sums, shaped as the parameters are.</summary>
    public IReadOnlyList<LayerParameters> Layers { get; }

    public NodeTotals Totals { get; set; }

    /// <summary>True when neither a sum nor the cost is NaN or infinite.</summary>
    public bool IsFinite()
    {
        if (!double.IsFinite(Totals.Cost))
            return false;
        foreach (LayerParameters layer in Layers)
        {
            if (!layer.IsFinite())
                return false;
        }

        return true;
    }

    /// <summary>True when all sums and the totals have the same bits as the other's.</summary>
    public bool HasSameBits(GradientSum other)
    {
        if (!Totals.HasSameBits(other.Totals))
            return false;
        for (int layer = 0; layer < Layers.Count; layer++)
        {
            if (!Layers[layer].HasSameBits(other.Layers[layer]))
                return false;
        }

        return true;
    }
}
