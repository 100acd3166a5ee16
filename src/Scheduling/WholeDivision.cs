using Backprop.Core.Sharding;

namespace Backprop.Scheduling;

/// <summary>Who computes what of a whole work. It is kept while works and workers stay alike: step after step has the same.</summary>
internal sealed class WholeDivision
{
    private readonly List<(Member Member, int Threads)> among = [];
    private (int Shards, int BatchSize) tree;
    private IReadOnlyList<(Member Member, List<ShardNode> Nodes)> shares = [];

    /// <returns>Not to be changed.</returns>
    public IReadOnlyList<(Member Member, List<ShardNode> Nodes)> Of(Work work, IReadOnlyList<Member> members)
    {
        if (tree == (work.Shards, work.BatchSize) && IsAmong(members))
            return shares;
        shares = Assignment.Divide(work, [new ShardNode(0, work.Shards)], members);
        tree = (work.Shards, work.BatchSize);
        among.Clear();
        among.AddRange(members.Select(member => (member, member.Threads)));
        return shares;
    }

    private bool IsAmong(IReadOnlyList<Member> members)
    {
        if (members.Count != among.Count)
            return false;
        for (int i = 0; i < members.Count; i++)
        {
            if (among[i] != (members[i], members[i].Threads))
                return false;
        }

        return true;
    }
}
