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
        IReadOnlyList<(Member Member, List<ShardNode> Nodes)> shares = division.Of(next, able);
        IReadOnlyList<ShardNode> drawn = [];
        if (audit.DrawsFrom(next))
            (drawn, shares) = audit.Draw(next, able, shares);
        progress.Begin(drawn);
        for (int i = 0; i < shares.Count; i++)
            Give(shares[i].Member, shares[i].Nodes);
    }

    private void HandOn()
    {
        foreach ((Member member, List<ShardNode> share) in Assignment.HandOn(next, progress.TakeUnassigned(), Able))
        {
            share.ForEach(progress.InheritAudit);
            Give(member, share);
        }
    }

    private IReadOnlyList<Member> Able => Lateness.Able(order);

    private void Give(Member member, List<ShardNode> nodes)
    {
        member.Give(next, nodes, now);
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
        foreach (LateShare share in Lateness.Shares(order, paces[(int)next.Kind], progress.IsKept, now, least))
        {
            foreach ((Member member, List<ShardNode> nodes) in share.Others)
                Give(member, nodes);
            NodesReassigned += share.NodeCount;
            if (share.Line(next) is { } line)
                Tell(NoticeKind.WorkerLate, line, share.Late.Name);
        }
    }
}
