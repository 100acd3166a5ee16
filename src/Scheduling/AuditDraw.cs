using Backprop.Core.Data;
using Backprop.Core.Sharding;

namespace Backprop.Scheduling;

/// <summary>Draws the nodes that a second one computes as well.</summary>
internal sealed class AuditDraw(double fraction, ulong seed)
{
    /// <summary>Adds a second worker for each node that is drawn.</summary>
    /// <param name="members">Those that can be given nodes.</param>
    /// <param name="shares">Who computes what; grows by what is to be computed again.</param>
    /// <returns>The nodes that were drawn; those without a second worker where there is only one are for the coordinator.</returns>
    public IReadOnlyList<ShardNode> Draw(Work work, IReadOnlyList<Member> members, Dictionary<Member, List<ShardNode>> shares)
    {
        if (fraction <= 0 || work.Kind != WorkKind.Training)
            return [];
        var random = new RandomSource(seed, stream: 0, (ulong)work.Step);
        var drawn = new List<ShardNode>();
        var again = new List<(Member Second, ShardNode Node)>();
        for (int first = 0; first < members.Count; first++)
        {
            foreach (ShardNode node in shares.GetValueOrDefault(members[first]) ?? [])
            {
                if (random.NextDouble() >= fraction)
                    continue;
                drawn.Add(node);
                if (members.Count > 1)
                    again.Add((members[(first + 1 + random.NextInt(members.Count - 1)) % members.Count], node));
            }
        }

        foreach ((Member second, ShardNode node) in again)
        {
            if (!shares.TryGetValue(second, out List<ShardNode>? share))
                shares[second] = share = [];
            share.Add(node);
        }

        return drawn;
    }
}
