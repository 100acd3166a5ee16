using Backprop.Core.Sharding;

namespace Backprop.Scheduling;

/// <summary>Whose a node is, which value is its value, and who is late with one.</summary>
public sealed partial class Scheduler
{
    private void Begin()
    {
        started = true;
        isWorking = true;
        IReadOnlyList<Member> able = Able;
        Dictionary<Member, List<ShardNode>> shares = [];
        foreach ((Member member, List<ShardNode> nodes) in Assignment.Divide(next, able))
            shares[member] = nodes;
        progress.Begin(audit.Draw(next, able, shares));
        foreach ((Member member, List<ShardNode> nodes) in shares)
            Give(member, nodes);
    }

    private void HandOn()
    {
        foreach ((Member member, List<ShardNode> share) in Assignment.HandOn(next, progress.TakeUnassigned(), Able))
        {
            share.ForEach(progress.InheritAudit);
            Give(member, share);
        }
    }

    /// <summary>Those that are not behind with an earlier work, as long as there are any.</summary>
    private IReadOnlyList<Member> Able =>
        order.Exists(member => member.Late.Count > 0) && order.FindAll(member => member.Late.Count == 0) is { Count: > 0 } able
            ? able
            : order;

    private void Give(Member member, List<ShardNode> nodes)
    {
        int examples = 0;
        foreach (ShardNode node in nodes)
        {
            (int start, int end) = ShardCut.Range(node, next.Shards, next.BatchSize);
            examples += end - start;
        }

        member.Give(nodes, examples, now);
        commands.Add(new SchedulerCommand.Assign(member.Id, next, nodes));
    }

    private void Receive(SchedulerEvent.NodeValueReceived value)
    {
        Pass(value.Now);
        if (!members.TryGetValue(value.Worker, out Member? member))
        {
            DropValue(value, "from a worker that is gone");
            return;
        }

        member.LastHeard = now;
        member.LastProgress = now;
        if (isWorking && (value.Kind, value.Step) == (next.Kind, next.Step) && member.Outstanding.Remove(value.Node))
            Take(member, value);
        else if (FindLate(member, value) is { } late)
            TakeLate(member, late, value.Node);
        else if (!isWorking || (value.Kind, value.Step) != (next.Kind, next.Step))
            DropValue(value, $"late: the run is at {next}");
        else
            DropValue(value, "not asked of this worker, or already there");
    }

    private void DropValue(SchedulerEvent.NodeValueReceived value, string reason) =>
        commands.Add(new SchedulerCommand.DropValue(value.Worker, value.Node, reason));

    /// <summary>Keeps a node's first value; a second one is compared with it.</summary>
    private void Take(Member member, SchedulerEvent.NodeValueReceived value)
    {
        NoteAnswer(member, next.Kind);
        ShardNode node = value.Node;
        if (!progress.Keep(node, member.Name))
        {
            progress.EndAudit(node);
            Release(node);
            Compare(member, next, node);
            return;
        }

        commands.Add(new SchedulerCommand.KeepValue(member.Id, node));
        if (!value.IsFinite && !progress.Diverges)
        {
            Tell(NoticeKind.ValuesDiffer, $"worker {member.Name} sent node {node} of {next} with numbers that are not finite; it is recomputed", member.Name);
            Recompute(next, node);
        }
        else if (progress.IsAudited(node) && !order.Exists(other => other.Outstanding.Contains(node)))
        {
            // Nobody else is there to compute it.
            progress.EndAudit(node);
            NodesCompared++;
            Recompute(next, node);
        }

        if (!progress.IsAudited(node))
            Release(node);
    }

    /// <summary>The others that compute the node need no longer be waited for; they will answer all the same.</summary>
    private void Release(ShardNode node)
    {
        foreach (Member other in order)
        {
            if (!other.Outstanding.Remove(node))
                continue;
            other.Late.Add((next, node));
            owed.Add(next);
        }
    }

    private static Work? FindLate(Member member, SchedulerEvent.NodeValueReceived value)
    {
        foreach ((Work work, ShardNode node) in member.Late)
        {
            if ((work.Kind, work.Step, node) == (value.Kind, value.Step, value.Node))
                return work;
        }

        return null;
    }

    private void TakeLate(Member member, Work work, ShardNode node)
    {
        member.Late.Remove((work, node));
        NoteAnswer(member, work.Kind);
        if (work.Kind == WorkKind.Evaluation && work != next)
            commands.Add(new SchedulerCommand.DropValue(member.Id, node, $"late: the run is at {next}"));
        else
            Compare(member, work, node);
        Settle(work);
    }

    private void NoteAnswer(Member member, WorkKind kind)
    {
        if (member.IsFree)
            paces[(int)kind].Add(now - member.AssignedAt, member.Load);
    }

    /// <summary>Something of a step is no longer owed, or is settled.</summary>
    private void Settle(Work work)
    {
        if (owed.Remove(work) && (work.Step < next.Step))
            commands.Add(new SchedulerCommand.ForgetStep(work.Step));
    }

    private ShardNode[] StillOwed() => order.Exists(member => member.Late.Count > 0)
        ? [.. order.SelectMany(member => member.Late).Where(late => late.Work == next).Select(late => late.Node).Distinct()]
        : [];

    /// <summary>Gives what a late worker computes to a free one as well.</summary>
    private void DuplicateLate(TimeSpan least)
    {
        foreach (Member late in order)
        {
            TimeSpan time = now - late.AssignedAt;
            if (late.Outstanding.Count == 0 || time <= least || paces[(int)next.Kind].Deadline(late.Load) is not { } deadline || time <= deadline)
                continue;
            Member[] free = [.. order.Where(member => member.IsFree)];
            ShardNode[] nodes = [.. late.Outstanding
                .Where(node => !progress.IsKept(node) && !order.Exists(other => other != late && other.Outstanding.Contains(node)))
                .OrderBy(node => node.First)];
            if (free.Length == 0 || nodes.Length == 0)
                continue;
            foreach (IGrouping<Member, ShardNode> share in nodes.Select((node, i) => (Member: free[i % free.Length], node))
                .GroupBy(pair => pair.Member, pair => pair.node))
                Give(share.Key, [.. share]);
            NodesReassigned += nodes.Length;
            NoteLate(late, nodes.Length, time);
        }
    }

    /// <summary>A worker that is always late is told of less and less often.</summary>
    private void NoteLate(Member late, int nodeCount, TimeSpan time)
    {
        late.TimesLate++;
        if (!int.IsPow2(late.TimesLate))
            return;
        string times = late.TimesLate == 1 ? "" : $", for the {late.TimesLate}th time";
        string nodes = nodeCount == 1 ? "its node is" : $"its {nodeCount} nodes are";
        Tell(
            NoticeKind.WorkerLate,
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"worker {late.Name} is late at {next}{times}: no answer after {time.TotalSeconds:0.0} s; {nodes} computed by another as well"),
            late.Name);
    }
}
