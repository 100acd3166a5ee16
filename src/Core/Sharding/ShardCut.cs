namespace Backprop.Core.Sharding;

/// <summary>The fixed cut of a mini-batch into S shards by position.</summary>
public static class ShardCut
{
    /// <summary>The most shards that <see cref="Automatic"/> gives, and the most that can be asked for is <see cref="Maximum"/>.</summary>
    public const int AutomaticMaximum = 64;

    public const int Maximum = 4096;

    /// <summary>
    /// S for a mini-batch of m examples: the smallest power of two that is at least m/4, at most 64. It depends on
    /// the mini-batch alone, so that the sum's bits do not depend on who computes it.
    /// </summary>
    public static int Automatic(int miniBatch)
    {
        int shards = 1;
        while (shards < AutomaticMaximum && shards * 4 < miniBatch)
            shards *= 2;
        return shards;
    }

    /// <summary>The first position of shard s of S in a batch of b examples: ⌊s·b/S⌋; for s = S it is b.</summary>
    public static int Start(int shard, int shardCount, int batchSize) =>
        (int)((long)shard * batchSize / shardCount);

    /// <summary>The positions [start, end) of a node's examples in a batch.</summary>
    public static (int Start, int End) Range(ShardNode node, int shardCount, int batchSize) =>
        (Start(node.First, shardCount, batchSize), Start(node.End, shardCount, batchSize));
}
