using Backprop.Core.Sharding;

namespace Backprop.Core.Model;

/// <summary>Keeps copies of node values: for comparing them and for adding them up in one process.</summary>
public sealed class NodeValueCollector(NetworkShape shape) : INodeValueSink
{
    private readonly Dictionary<ShardNode, GradientSum> values = [];

    public IReadOnlyDictionary<ShardNode, GradientSum> Values => values;

    public void LayerReady(ShardNode node, int layer, LayerParameters sum) => sum.CopyTo(Of(node).Layers[layer]);

    public void NodeReady(ShardNode node, NodeTotals totals) => Of(node).Totals = totals;

    private GradientSum Of(ShardNode node)
    {
        if (!values.TryGetValue(node, out GradientSum? value))
            values[node] = value = new GradientSum(shape);
        return value;
    }
}
