using Backprop.Core.Data;
using Backprop.Core.Sharding;

namespace Backprop.Scheduling;

/// <summary>Draws the nodes that a second one computes as well.</summary>
internal sealed class AuditDraw(double fraction, ulong seed)
{
    public bool DrawsFrom(Work work) => fraction > 0 && work.Kind == WorkKind.Training;

    /// <summary>Adds a second worker for each node that is drawn.</summary>
    /// <param name="members">Those that can be given nodes.</param>
    /// <param name="shares">Who computes what.</param>
    /// <returns>
    /// The nodes that were drawn, of which those without a second worker, where there is only one, are for the coordinator; and the shares with
    /// what is to be computed again.
    /// </returns>
    public (IReadOnlyList<ShardNode> Drawn, IReadOnlyList<(Member Member, List<ShardNode> Nodes)> Shares) Draw(
        Work work, IReadOnlyList<Member> members, IReadOnlyList<(Member Member, List<ShardNode> Nodes)> shares)
    {
        var random = new RandomSource(seed, stream: 0, (ulong)work.Step);
        var drawn = new List<ShardNode>();
        var again = new List<(Member Second, ShardNode Node)>();
        for (int first = 0; first < members.Count; first++)
        {
            foreach (ShardNode node in shares.FirstOrDefault(share => share.Member == members[first]).Nodes ?? [])
            {
                if (random.NextDouble() >= fraction)
                    continue;
                drawn.Add(node);
                if (members.Count > 1)
                    again.Add((members[(first + 1 + random.NextInt(members.Count - 1)) % members.Count], node));
            }
        }

        List<(Member Member, List<ShardNode> Nodes)> grown = [.. shares.Select(share => (share.Member, share.Nodes.ToList()))];
        foreach ((Member second, ShardNode node) in again)
        {
            if (grown.Find(share => share.Member == second).Nodes is { } nodes)
                nodes.Add(node);
            else
                grown.Add((second, [node]));
        }

        return (drawn, grown);
    }
}
