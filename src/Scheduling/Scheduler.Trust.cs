using Backprop.Core.Sharding;

namespace Backprop.Scheduling;

/// <summary>What to believe when a node's values differ, or are no numbers: the coordinator computes the node itself.</summary>
public sealed partial class Scheduler
{
    private void Compare(Member member, Work work, ShardNode node)
    {
        owed.Add(work);
        if (work == next)
            progress.Doubt(node);
        NodesCompared++;
        commands.Add(new SchedulerCommand.CompareValue(member.Id, work, node));
    }

    private void Recompute(Work work, ShardNode node)
    {
        owed.Add(work);
        if (work == next)
            progress.Doubt(node);
        commands.Add(new SchedulerCommand.Recompute(work, node));
    }

    private void Compared(SchedulerEvent.ValueCompared compared)
    {
        (Work work, ShardNode node, bool agrees, string name, string keptFrom) = compared;
        if (work == next)
            progress.Settle(node);
        if (!agrees)
        {
            Tell(
                NoticeKind.ValuesDiffer,
                $"ALARM: workers {keptFrom} and {name} gave node {node} of {work} other bits; the coordinator computes it itself", name);
            Recompute(work, node);
        }

        Settle(work);
    }

    private void Recomputed(SchedulerEvent.NodeRecomputed recomputed)
    {
        Work work = recomputed.Work;
        ShardNode node = recomputed.Node;
        if (work == next)
        {
            progress.Settle(node);
            progress.Diverges |= !recomputed.IsFinite;

            // It may have been taken back meanwhile with all that its worker gave: then another computes it.
            if (recomputed.KeptWasWrong && progress.IsKept(node))
                progress.KeepOwn(node);
        }

        Settle(work);
        foreach ((WorkerId worker, string name) in recomputed.Wrong)
            Quarantine(worker, name, work, node);
        if (recomputed.KeptWasWrong && work != next)
        {
            commands.Add(new SchedulerCommand.DiscardCheckpoints(work.Step));
            End(
                RunEnd.Failed,
                $"{work} was committed with a wrong value of node {node}, as a second one has shown only now; the checkpoints after it are "
                + "taken back: resume goes on from the one before, without that worker, and --audit 1 compares every node in time");
        }
    }

    private void Quarantine(WorkerId worker, string name, Work work, ShardNode node)
    {
        string reason = $"its value of node {node} of {work} is not what the coordinator computes";
        Tell(NoticeKind.WorkerQuarantined, $"worker {name} is quarantined: {reason}", name);
        commands.Add(new SchedulerCommand.Quarantine(worker, name, reason));

        // What else it gave to this work is not believed either, by whatever connection.
        foreach (ShardNode given in progress.TakeBack(name))
        {
            commands.Add(new SchedulerCommand.DiscardValue(given));
            WaitAgain(given, except: name);
            if (order.Exists(other => other.Name != name && other.Outstanding.Contains(given)))
                continue;
            progress.Abandon(given);
            NodesReassigned++;
        }

        if (members.TryGetValue(worker, out Member? member))
            Drop(member);
    }

    /// <summary>Those that compute a node, and whose values were not waited for any more, are waited for again.</summary>
    private void WaitAgain(ShardNode node, string except)
    {
        foreach (Member member in order)
        {
            if (member.Name == except || !member.Late.Remove((next, node)))
                continue;
            Settle(next);
            member.Outstanding.Add(node);
            progress.InheritAudit(node);
        }
    }
}
