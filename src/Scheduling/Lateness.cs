using Backprop.Core.Sharding;

namespace Backprop.Scheduling;

/// <summary>Who is silent, behind or late among workers, and who may help.</summary>
internal static class Lateness
{
    /// <summary>Those that are not behind with an earlier work, as long as there are any.</summary>
    public static IReadOnlyList<Member> Able(List<Member> order) =>
        order.Exists(member => member.Late.Count > 0) && order.FindAll(member => member.Late.Count == 0) is { Count: > 0 } able
            ? able
            : order;

    /// <summary>Sends those away that have been silent for too long, or speak and do not answer.</summary>
    public static IEnumerable<SchedulerCommand.Evict> Overdue(
        IReadOnlyList<Member> order, TimeSpan now, TimeSpan silenceLimit, TimeSpan workerTimeout)
    {
        foreach (Member member in order)
        {
            TimeSpan silence = now - member.LastHeard;
            if (silence > silenceLimit)
                yield return new SchedulerCommand.Evict(member.Id, $"silent for {silence.TotalSeconds:0.0} s");
            else if (member.Outstanding.Count > 0 && now - member.LastProgress > workerTimeout)
                yield return new SchedulerCommand.Evict(member.Id, $"no answer for {workerTimeout.TotalSeconds:0.###} s (--worker-timeout)");
        }
    }

    /// <summary>Shares out what late workers alone compute. Each share is to be given before the next one is asked for.</summary>
    /// <param name="least">Nobody is late before so much time.</param>
    public static IEnumerable<LateShare> Shares(
        List<Member> order, Pace pace, Func<ShardNode, bool> isKept, TimeSpan now, TimeSpan least)
    {
        foreach (Member late in order)
        {
            TimeSpan time = now - late.AssignedAt;
            if (late.Outstanding.Count == 0 || time <= least || pace.Deadline(late.Load) is not { } deadline || time <= deadline)
                continue;
            Member[] free = [.. order.Where(member => member.IsFree)];
            ShardNode[] nodes = [.. late.Outstanding
                .Where(node => !isKept(node) && !order.Exists(other => other != late && other.Outstanding.Contains(node)))
                .OrderBy(node => node.First)];
            if (free.Length == 0 || nodes.Length == 0)
                continue;
            yield return new LateShare(late, time, [.. nodes.Select((node, i) => (Member: free[i % free.Length], node))
                .GroupBy(pair => pair.Member, pair => pair.node)
                .Select(share => (share.Key, share.ToList()))]);
        }
    }
}

/// <summary>What a late worker computes and others are to compute as well.</summary>
internal sealed record LateShare(Member Late, TimeSpan Time, IReadOnlyList<(Member Member, List<ShardNode> Nodes)> Others)
{
    public int NodeCount => Others.Sum(share => share.Nodes.Count);

    /// <summary>For people; null where there is nothing to tell: of a worker that is always late, less and less often.</summary>
    public string? Line(Work work)
    {
        Late.TimesLate++;
        if (!int.IsPow2(Late.TimesLate))
            return null;
        string times = Late.TimesLate == 1 ? "" : $", for the {Late.TimesLate}th time";
        string nodes = NodeCount == 1 ? "its node is" : $"its {NodeCount} nodes are";
        return string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"worker {Late.Name} is late at {work}{times}: no answer after {Time.TotalSeconds:0.0} s; {nodes} computed by another as well");
    }
}
