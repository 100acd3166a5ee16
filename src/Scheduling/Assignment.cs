using Backprop.Core.Sharding;

namespace Backprop.Scheduling;

/// <summary>Who computes what: the division of a tree's shards among workers.</summary>
internal static class Assignment
{
    /// <summary>
    /// Consecutive ranges of the nodes' shards in proportion to each worker's threads, each as the fewest nodes that cover it.
    /// Nodes without examples are left out.
    /// </summary>
    /// <param name="nodes">What is to be divided: disjoint; the root for all of a work.</param>
    public static IReadOnlyList<(Member Member, List<ShardNode> Nodes)> Divide(
        Work work, IReadOnlyList<ShardNode> nodes, IReadOnlyList<Member> members)
    {
        int threadCount = members.Sum(member => member.Threads);
        int shardCount = nodes.Sum(node => node.Count);
        var shares = new List<(Member, List<ShardNode>)>();
        int threadsBefore = 0;
        foreach (Member member in members)
        {
            int first = (int)((long)threadsBefore * shardCount / threadCount);
            threadsBefore += member.Threads;
            int end = (int)((long)threadsBefore * shardCount / threadCount);
            List<ShardNode> share = [.. Cover(nodes, first, end).Where(node => work.ExamplesOf(node) > 0)];
            if (share.Count > 0)
                shares.Add((member, share));
        }

        return shares;
    }

    /// <summary>
    /// Hands nodes to the workers with the least to do; when more workers are idle than there are nodes, the largest
    /// nodes are halved first.
    /// </summary>
    public static IReadOnlyList<(Member Member, List<ShardNode> Nodes)> HandOn(
        Work work, IReadOnlyCollection<ShardNode> nodes, IReadOnlyList<Member> members)
    {
        List<ShardNode> pieces = Halve(work, nodes, members.Count(member => member.Outstanding.Count == 0));
        var load = members.ToDictionary(member => member, member => (double)member.OutstandingShards / member.Threads);
        var shares = new Dictionary<Member, List<ShardNode>>();
        foreach (ShardNode node in pieces)
        {
            Member least = members.MinBy(member => load[member])!;
            load[least] += (double)node.Count / least.Threads;
            if (!shares.TryGetValue(least, out List<ShardNode>? share))
                shares[least] = share = [];
            share.Add(node);
        }

        return [.. shares.Select(share => (share.Key, share.Value))];
    }

    /// <summary>Shards [first, end), counted through the nodes one after the other.</summary>
    private static IEnumerable<ShardNode> Cover(IReadOnlyList<ShardNode> nodes, int first, int end)
    {
        int before = 0;
        foreach (ShardNode node in nodes)
        {
            int from = Math.Max(first - before, 0);
            int to = Math.Min(end - before, node.Count);
            before += node.Count;
            if (from >= to)
                continue;
            foreach (ShardNode part in ReductionTree.Cover(node.First + from, node.First + to))
                yield return part;
        }
    }

    private static List<ShardNode> Halve(Work work, IReadOnlyCollection<ShardNode> nodes, int wanted)
    {
        List<ShardNode> pieces = [.. nodes.OrderByDescending(node => node.Count).ThenBy(node => node.First)];
        while (pieces.Count < wanted && !pieces[0].IsLeaf)
        {
            ShardNode largest = pieces[0];
            pieces.RemoveAt(0);
            pieces.AddRange(new[] { largest.Left, largest.Right }
                .Where(half => work.ExamplesOf(half) > 0));
            pieces.Sort((a, b) => a.Count != b.Count ? b.Count.CompareTo(a.Count) : a.First.CompareTo(b.First));
        }

        return pieces;
    }
}
