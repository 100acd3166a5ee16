using Backprop.Core.Sharding;

namespace Backprop.Scheduling;

/// <summary>
/// Decides for a relay what <see cref="Scheduler"/> decides for a run: which of its workers computes what of the nodes that the
/// relay was given, who is late, and when a node can be handed up. Pure as that one. What to believe is not decided here: the
/// coordinator compares a relay's values as it does those of any worker.
/// </summary>
/// <remarks>
/// Invariant: of each node that is not handed up, what is outstanding, unassigned and kept together covers every example, and
/// what is kept covers none twice. A node is handed up once, when what is kept covers it.
/// </remarks>
/// <param name="silenceLimit">A worker not heard for longer is taken for gone.</param>
/// <param name="workerTimeout">How long a worker may take for an answer before it is sent away.</param>
/// <param name="stragglerTimeout">The least time after which nodes are given to a second worker; null: never.</param>
/// <param name="start">The time now, on the clock that later events tell.</param>
public sealed class SubtreeScheduler(TimeSpan silenceLimit, TimeSpan workerTimeout, TimeSpan? stragglerTimeout, TimeSpan start)
{
    private readonly List<SchedulerCommand> commands = [];
    private readonly Dictionary<WorkerId, Member> members = [];
    private readonly List<Member> order = [];
    private readonly Dictionary<ShardNode, int> missingExamples = [];
    private readonly HashSet<ShardNode> kept = [];
    private readonly HashSet<ShardNode> unassigned = [];
    private readonly Pace[] paces = [new(), new()];
    private Work work;
    private TimeSpan now = start;

    /// <summary>Nodes that were given and are not handed up yet.</summary>
    public int MissingNodes => missingExamples.Count;

    /// <summary>Takes an event.</summary>
    /// <returns>What is to be done, in order. The list is used again at the next call.</returns>
    /// <exception cref="InvalidOperationException">Nodes are given before the last ones are handed up.</exception>
    public IReadOnlyList<SchedulerCommand> Handle(SchedulerEvent happened)
    {
        commands.Clear();
        switch (happened)
        {
            case SchedulerEvent.WorkerReady ready: Admit(ready); break;
            case SchedulerEvent.WorkerGone gone: Remove(gone); break;
            case SchedulerEvent.WorkerThreadsChanged changed: Count(changed); break;
            case SchedulerEvent.WorkerHeard heard: Hear(heard); break;
            case SchedulerEvent.NodesAssigned assigned: Begin(assigned); break;
            case SchedulerEvent.NodeValueReceived value: Receive(value); break;
            case SchedulerEvent.ClockTicked tick: Tick(tick.Now); break;
        }

        HandOn();
        return commands;
    }

    private void Admit(SchedulerEvent.WorkerReady ready)
    {
        var member = new Member(ready.Worker, ready.Name, ready.Threads, now);
        members.Add(ready.Worker, member);
        order.Add(member);
        Tell(NoticeKind.WorkerJoined, $"worker {ready.Name} joined", ready.Name);
        TellThreads();
    }

    private void Remove(SchedulerEvent.WorkerGone gone)
    {
        if (!members.Remove(gone.Worker, out Member? member))
            return;
        order.Remove(member);
        ShardNode[] left = [.. member.Outstanding.Where(node => !order.Exists(other => other.Outstanding.Contains(node)))];
        unassigned.UnionWith(left);
        Tell(NoticeKind.WorkerLost, $"worker {member.Name} lost ({gone.Reason})", member.Name);
        TellThreads();
    }

    private void Count(SchedulerEvent.WorkerThreadsChanged changed)
    {
        if (!members.TryGetValue(changed.Worker, out Member? member))
            return;
        member.Threads = changed.Threads;
        TellThreads();
    }

    private void Hear(SchedulerEvent.WorkerHeard heard)
    {
        Pass(heard.Now);
        if (members.TryGetValue(heard.Worker, out Member? member))
            member.LastHeard = now;
    }

    private void Begin(SchedulerEvent.NodesAssigned assigned)
    {
        if (missingExamples.Count > 0)
            throw new InvalidOperationException($"{missingExamples.Count} nodes of {work} are not handed up yet.");
        work = assigned.Work;
        kept.Clear();
        foreach (ShardNode node in assigned.Nodes)
            missingExamples.Add(node, work.ExamplesOf(node));
        if (order.Count == 0)
            unassigned.UnionWith(assigned.Nodes);
        else
            GiveAll(Assignment.Divide(work, assigned.Nodes, Lateness.Able(order)));
    }

    private void Receive(SchedulerEvent.NodeValueReceived value)
    {
        Pass(value.Now);
        if (!members.TryGetValue(value.Worker, out Member? member))
        {
            Drop(value, "from a worker that is gone");
            return;
        }

        member.LastHeard = now;
        member.LastProgress = now;
        bool isCurrent = (value.Kind, value.Step) == (work.Kind, work.Step);
        if (isCurrent && member.Outstanding.Remove(value.Node))
        {
            NoteAnswer(member, value.Kind);
            Keep(member, value.Node);
            return;
        }

        if (member.Late.RemoveWhere(late => (late.Work.Kind, late.Work.Step, late.Node) == (value.Kind, value.Step, value.Node)) > 0)
            NoteAnswer(member, value.Kind);
        Drop(value, "another worker has given it");
    }

    /// <summary>The first value of a node is its value; whoever else computes it need not be waited for.</summary>
    private void Keep(Member member, ShardNode node)
    {
        kept.Add(node);
        commands.Add(new SchedulerCommand.KeepValue(member.Id, node));
        foreach (Member other in order)
        {
            if (other.Outstanding.Remove(node))
                other.Late.Add((work, node));
        }

        ShardNode whole = missingExamples.Keys.First(given => given.First <= node.First && node.End <= given.End);
        missingExamples[whole] -= work.ExamplesOf(node);
        if (missingExamples[whole] > 0)
            return;
        missingExamples.Remove(whole);
        commands.Add(new SchedulerCommand.HandUp(work, whole));
    }

    private void Tick(TimeSpan time)
    {
        Pass(time);
        commands.AddRange(Lateness.Overdue(order, now, silenceLimit, workerTimeout));
        if (stragglerTimeout is not { } least)
            return;
        foreach (LateShare share in Lateness.Shares(order, paces[(int)work.Kind], kept.Contains, now, least))
        {
            GiveAll(share.Others);
            if (share.Line(work) is { } line)
                Tell(NoticeKind.WorkerLate, line, share.Late.Name);
        }
    }

    /// <summary>What nobody computes goes to whoever is there.</summary>
    private void HandOn()
    {
        if (unassigned.Count == 0 || order.Count == 0)
            return;
        ShardNode[] nodes = [.. unassigned];
        unassigned.Clear();
        GiveAll(Assignment.HandOn(work, nodes, Lateness.Able(order)));
    }

    private void GiveAll(IEnumerable<(Member Member, List<ShardNode> Nodes)> shares)
    {
        foreach ((Member member, List<ShardNode> nodes) in shares)
        {
            member.Give(work, nodes, now);
            commands.Add(new SchedulerCommand.Assign(member.Id, work, nodes));
        }
    }

    private void NoteAnswer(Member member, WorkKind kind)
    {
        if (member.IsFree)
            paces[(int)kind].Add(now - member.AssignedAt, member.Load);
    }

    private void TellThreads() => commands.Add(new SchedulerCommand.TellThreads(order.Sum(member => member.Threads)));

    private void Drop(SchedulerEvent.NodeValueReceived value, string reason) =>
        commands.Add(new SchedulerCommand.DropValue(value.Worker, value.Node, reason));

    private void Tell(NoticeKind kind, string line, string worker) => commands.Add(new SchedulerCommand.Notice(kind, line, worker));

    private void Pass(TimeSpan time) => now = time > now ? time : now;
}
