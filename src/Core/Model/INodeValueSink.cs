using Backprop.Core.Sharding;

namespace Backprop.Core.Model;

/// <summary>
/// Takes the values of a computation's nodes as they arise: from any of its threads, but from one at a time and in order. It is called while the team of threads
/// is at work, which it cannot use.
/// </summary>
public interface INodeValueSink
{
    /// <summary>Where a node's sums are to stand while they arise; null: in memory of the computation's own.</summary>
    IReadOnlyList<LayerParameters>? PlaceOf(ShardNode node) => null;

    /// <summary>The forward pass is done; what follows is backward.</summary>
    void ForwardReady()
    {
        // Only who measures wants to know.
    }

    /// <summary>
    /// ∇W[l] and ∇b[l] of a node exist. Called from the last layer down; within a layer, node after node.
    /// </summary>
    /// <param name="layer">Index into <see cref="Parameters.Layers"/>.</param>
    /// <param name="sum">In its <see cref="PlaceOf"/>, or the computation's own: valid until its next call of Train.</param>
    void LayerReady(ShardNode node, int layer, LayerParameters sum);

    /// <summary>The node is complete: called once a node, after all its layers.</summary>
    void NodeReady(ShardNode node, NodeTotals totals);

    /// <summary>A sink that takes nothing.</summary>
    static INodeValueSink None { get; } = new NoSink();

    private sealed class NoSink : INodeValueSink
    {
        public void LayerReady(ShardNode node, int layer, LayerParameters sum)
        {
            // Nobody wants it.
        }

        public void NodeReady(ShardNode node, NodeTotals totals)
        {
            // Nobody wants it.
        }
    }
}
