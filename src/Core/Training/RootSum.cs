using Backprop.Core.Model;
using Backprop.Core.Sharding;

namespace Backprop.Core.Training;

/// <summary>The root's sums before the tree's last addition, which is left to whoever goes through them anyway.</summary>
/// <param name="Left">The left child's, or the root's own.</param>
/// <param name="Right">The right child's; null where there is nothing to add.</param>
/// <param name="Totals">The root's.</param>
public readonly record struct RootSum(IReadOnlyList<LayerParameters> Left, IReadOnlyList<LayerParameters>? Right, NodeTotals Totals)
{
    /// <summary>∇W[l] and ∇b[l] with the last addition done, in memory of their own where there is one.</summary>
    public IReadOnlyList<LayerParameters> Added()
    {
        if (Right is null)
            return Left;
        LayerParameters[] added = [.. Left.Select(layer => new LayerParameters(layer.Outputs, layer.Inputs))];
        ReductionTree.AddLayers(Left, Right, added);
        return added;
    }
}
