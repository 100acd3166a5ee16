namespace Backprop.Core.Sharding;

/// <summary>
/// A node of the reduction tree over S shards: shards [First, First + Count). Count is a power of two and divides
/// First. A leaf has Count 1; the root of S shards is (0, S).
/// </summary>
public readonly record struct ShardNode(int First, int Count)
{
    public int End => First + Count;

    public bool IsLeaf => Count == 1;

    public ShardNode Left => new(First, Count / 2);

    public ShardNode Right => new(First + (Count / 2), Count / 2);

    /// <summary>True when this is a node of the tree over <paramref name="shardCount"/> shards.</summary>
    public bool IsNodeOf(int shardCount) =>
        First >= 0 && Count >= 1 && End <= shardCount && int.IsPow2(Count) && First % Count == 0;

    public override string ToString() => $"[{First},{End})";
}
