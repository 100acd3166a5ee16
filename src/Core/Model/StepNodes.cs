using Backprop.Core.Sharding;

namespace Backprop.Core.Model;

/// <summary>The nodes of one computation: which of its columns and shards are whose, and where each one's sums arise.</summary>
internal sealed class StepNodes(NetworkShape shape)
{
    // Sums of nodes that have no place elsewhere, and where each node's stand.
    private readonly List<GradientSum> ownSums = [];
    private readonly List<IReadOnlyList<LayerParameters>> sums = [];
    private readonly List<ColumnRange> columns = [];

    // For each node one after the other the first column of each of its shards, and the end.
    private readonly List<int> shardBegins = [];
    private int[] shardStarts = [];

    public int Count => columns.Count;

    /// <summary>Columns of all nodes.</summary>
    public int ColumnCount { get; private set; }

    /// <exception cref="ArgumentException">A node is none of the tree over the shards.</exception>
    public void Place(IReadOnlyList<ShardNode> nodes, int shardCount, int batchSize, INodeValueSink sink)
    {
        sums.Clear();
        columns.Clear();
        shardBegins.Clear();
        ColumnCount = 0;
        int begin = 0;
        for (int n = 0; n < nodes.Count; n++)
        {
            ShardNode node = nodes[n];
            CheckNode(node, shardCount);
            (int start, int end) = ShardCut.Range(node, shardCount, batchSize);
            columns.Add(new ColumnRange(ColumnCount, end - start));
            ColumnCount += end - start;
            sums.Add(sink.PlaceOf(node) ?? OwnSum(n));

            shardBegins.Add(begin);
            if (shardStarts.Length < begin + node.Count + 1)
                Array.Resize(ref shardStarts, begin + node.Count + 1);
            for (int shard = 0; shard <= node.Count; shard++)
                shardStarts[begin + shard] = ShardCut.Start(node.First + shard, shardCount, batchSize) - start;
            begin += node.Count + 1;
        }

        shardBegins.Add(begin);
    }

    public ColumnRange ColumnsOf(int node) => columns[node];

    /// <summary>The first column of each of a node's shards, and the end, counted from the node's own first column.</summary>
    public ReadOnlySpan<int> ShardStartsOf(int node) => shardStarts.AsSpan(shardBegins[node]..shardBegins[node + 1]);

    /// <summary>Where ∇W[l] and ∇b[l] of a node arise.</summary>
    public LayerParameters SumOf(int node, int layer) => sums[node][layer];

    /// <exception cref="ArgumentException">It is not a node of the tree.</exception>
    public static void CheckNode(ShardNode node, int shardCount)
    {
        if (!node.IsNodeOf(shardCount))
            throw new ArgumentException($"{node} is not a node of the tree over {shardCount} shards.");
    }

    private IReadOnlyList<LayerParameters> OwnSum(int node)
    {
        while (ownSums.Count <= node)
            ownSums.Add(new GradientSum(shape));
        return ownSums[node].Layers;
    }
}
