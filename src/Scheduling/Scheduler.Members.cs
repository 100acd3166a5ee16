using Backprop.Core.Sharding;

namespace Backprop.Scheduling;

/// <summary>Who takes part.</summary>
public sealed partial class Scheduler
{
    private int RequiredWorkers => started ? options.MinimumWorkers : Math.Max(startingWorkers, options.MinimumWorkers);

    private void Admit(SchedulerEvent.WorkerReady ready)
    {
        var member = new Member(ready.Worker, ready.Name, ready.Threads, now);
        members.Add(ready.Worker, member);
        order.Add(member);
        if (started)
            Tell(NoticeKind.WorkerJoined, $"worker {ready.Name} joined at {next}", ready.Name);
    }

    private void Remove(SchedulerEvent.WorkerGone gone)
    {
        if (!members.TryGetValue(gone.Worker, out Member? member))
            return;
        string nodes = Drop(member) switch
        {
            0 => "",
            1 => "; 1 node reassigned",
            int count => $"; {count} nodes reassigned",
        };
        Tell(NoticeKind.WorkerLost, $"worker {member.Name} lost at {next}{nodes} ({gone.Reason})", member.Name);
    }

    /// <summary>Takes a worker off the list; what it alone was computing is left for others.</summary>
    /// <returns>The number of those nodes.</returns>
    private int Drop(Member member)
    {
        members.Remove(member.Id);
        order.Remove(member);
        int left = 0;
        foreach (ShardNode node in member.Outstanding)
        {
            if (order.Exists(other => other.Outstanding.Contains(node)))
                continue;
            if (progress.IsKept(node))
            {
                // The second value cannot come any more.
                progress.EndAudit(node);
                NodesCompared++;
                Recompute(next, node);
                continue;
            }

            progress.Abandon(node);
            left++;
        }

        foreach ((Work work, _) in member.Late)
            Settle(work);
        NodesReassigned += left;
        return left;
    }

    private void Hear(SchedulerEvent.WorkerHeard heard)
    {
        Pass(heard.Now);
        if (members.TryGetValue(heard.Worker, out Member? member))
            member.LastHeard = now;
    }

    private void Count(SchedulerEvent.WorkerThreadsChanged changed)
    {
        if (members.TryGetValue(changed.Worker, out Member? member))
            member.Threads = changed.Threads;
    }

    private void GiveUp(SchedulerEvent.WorkerGivenUp givenUp)
    {
        startingWorkers = Math.Max(1, startingWorkers - 1);
        Tell(NoticeKind.WorkerGivenUp, givenUp.Reason, givenUp.Name);
        if (givenUp.Failed)
            failedWorkers.Add(givenUp.Name);

        // Its last connection may not have been found broken yet.
        if (failedWorkers.Count < options.StartingWorkers || order.Exists(member => !failedWorkers.Contains(member.Name)))
            return;
        Fail(givenUp.Reason);
    }
}
