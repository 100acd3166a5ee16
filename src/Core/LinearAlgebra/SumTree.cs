namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// One shard that has columns, and what to do after its sum: that many sums made before it, the newest first, are
/// added on its left. What results waits on a stack for later shards, or is the whole sum after the last one.
/// </summary>
internal struct Leaf
{
    /// <summary>Columns of this shard, at least 1.</summary>
    public int Columns;

    public int Merges;
}

/// <summary>
/// The binary tree over shards, written as a list of leaves in ascending order, so that a kernel walks it with a
/// stack of few sums. A node with one empty child is the other child: empty shards do not appear at all.
/// </summary>
internal static class SumTree
{
    /// <summary>Writes the leaves and returns how many there are: 0 when every shard is empty.</summary>
    /// <param name="shardStarts">S + 1 ascending columns, S a power of two.</param>
    /// <param name="columns">Columns of the matrices; no shard may reach beyond.</param>
    /// <param name="leaves">Receives at most S leaves.</param>
    public static int Plan(ReadOnlySpan<int> shardStarts, int columns, Span<Leaf> leaves)
    {
        Check(shardStarts, columns);
        int shardCount = shardStarts.Length - 1;
        // Bit l: the finished left half of the node at level l + 1 that is being summed has columns.
        int waiting = 0;
        int count = 0;
        for (int shard = 0; shard < shardCount; shard++)
        {
            int width = shardStarts[shard + 1] - shardStarts[shard];
            bool exists = width > 0;
            if (exists)
                leaves[count++] = new Leaf { Columns = width };

            int level = 0;
            for (; ((shard >> level) & 1) == 1; level++)
            {
                if ((waiting & (1 << level)) == 0)
                    continue;

                // With an empty right child the left one just rises; it meets its own left neighbour further up.
                if (exists)
                    leaves[count - 1].Merges++;
                exists = true;
                waiting &= ~(1 << level);
            }

            if (exists)
                waiting |= 1 << level;
        }

        return count;
    }

    private static void Check(ReadOnlySpan<int> shardStarts, int columns)
    {
        int shardCount = shardStarts.Length - 1;
        if (shardCount < 1 || !int.IsPow2(shardCount))
            throw new ArgumentException($"Shards must be a power of two, not {shardCount}.", nameof(shardStarts));

        if (shardStarts[0] < 0 || shardStarts[shardCount] > columns)
            throw new ArgumentException(
                $"Shards cover columns {shardStarts[0]} to {shardStarts[shardCount]}; the matrices have {columns}.",
                nameof(shardStarts));

        for (int shard = 0; shard < shardCount; shard++)
        {
            if (shardStarts[shard + 1] < shardStarts[shard])
                throw new ArgumentException(
                    $"Shard {shard} ends at column {shardStarts[shard + 1]}, before its start {shardStarts[shard]}.",
                    nameof(shardStarts));
        }
    }
}
