using Backprop.Core.Sharding;
using static Backprop.Scheduling.Tests.Simulation.HistoryException;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>
/// A relay's works under faults that all follow from one seed: its workers join, die, fall silent, slow down, answer in any order and
/// late, and stand for other numbers of threads. Whoever is given nodes answers them once, unless it is gone before.
/// </summary>
internal sealed class SubtreeHistory
{
    private const int WorksAtMost = 40;
    private const int TurnsAtMost = 40;
    private static readonly TimeSpan silenceLimit = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan workerTimeout = TimeSpan.FromSeconds(60);

    private readonly Chance chance;
    private readonly Action<string>? note;
    private readonly SubtreeScheduler scheduler;
    private readonly List<RelayedPeer> peers = [];
    private readonly Dictionary<ShardNode, int> keptExamples = [];
    private readonly HashSet<ShardNode> given = [];
    private readonly int levelsAtMost;
    private readonly int peersAtMost;
    private TimeSpan now;
    private Work work;
    private int lastNumber;
    private int toldThreads;

    /// <param name="note">Told what happens, for a person who looks into a failure.</param>
    public SubtreeHistory(ulong seed, Action<string>? note = null)
    {
        this.note = note;
        chance = new Chance(seed);

        // With few nodes and workers the same node comes to the same worker again.
        levelsAtMost = chance.OneIn(2) ? 1 : 5;
        peersAtMost = chance.OneIn(2) ? 2 : 5;
        scheduler = new SubtreeScheduler(silenceLimit, workerTimeout, TimeSpan.FromSeconds(chance.Seconds(0.1, 2)), now);
    }

    public int EventCount { get; private set; }

    /// <summary>What came up.</summary>
    public HashSet<RelayHappening> Seen { get; } = [];

    /// <exception cref="HistoryException">A promise was broken.</exception>
    public void Run()
    {
        int works = chance.Between(1, WorksAtMost);
        for (int step = 0; step < works; step++)
        {
            BeginWork(step);
            for (int turn = 0; turn < TurnsAtMost && scheduler.MissingNodes > 0; turn++)
                Turn();
            FinishWork();
        }
    }

    private void BeginWork(int step)
    {
        int shards = 1 << chance.Between(0, levelsAtMost);
        work = new Work(chance.OneIn(6) ? WorkKind.Evaluation : WorkKind.Training, 0, step, shards, chance.Between(1, 3 * shards));
        int first = chance.Between(0, shards - 1);
        ShardNode[] nodes = [.. ReductionTree.Cover(first, chance.Between(first + 1, shards)).Where(node => work.ExamplesOf(node) > 0)];
        keptExamples.Clear();
        given.Clear();
        given.UnionWith(nodes);
        Handle(new SchedulerEvent.NodesAssigned(work, nodes));
    }

    /// <summary>With a worker that lives and everybody's answers there, nothing may be missing.</summary>
    private void FinishWork()
    {
        if (peers.Count == 0)
            Join();
        while (scheduler.MissingNodes > 0 && peers.Find(peer => peer.Owed.Exists(owed => owed.Work == work)) is { } busy)
            Answer(busy);
        Require(scheduler.MissingNodes == 0, $"{scheduler.MissingNodes} nodes of {work} are missing, and nobody computes them");
        Require(given.Count == 0, $"{given.Count} nodes of {work} were not handed up");
    }

    private void Turn()
    {
        switch (chance.Between(0, 9))
        {
            case 0 when peers.Count < peersAtMost: Join(); break;
            case 1 when peers.Count > 0 && chance.OneIn(3): Lose(chance.Of(peers), "its connection broke"); break;
            case 2: Tick(); break;
            case 3 when peers.Count > 0:
                RelayedPeer changed = chance.Of(peers);
                changed.Threads = chance.Between(1, 4);
                Handle(new SchedulerEvent.WorkerThreadsChanged(changed.Id, changed.Threads));
                break;
            case 4 when peers.Count > 0: chance.Of(peers).IsSilent ^= chance.OneIn(8); break;
            default:
                if (peers.Where(peer => peer.Owed.Count > 0 && !peer.IsSilent).ToArray() is { Length: > 0 } busy)
                    Answer(chance.Of(busy));
                break;
        }
    }

    private void Join()
    {
        var peer = new RelayedPeer(new WorkerId(++lastNumber)) { Threads = chance.Between(1, 4), LastHeard = now };
        peers.Add(peer);
        Handle(new SchedulerEvent.WorkerReady(peer.Id, $"w{peer.Id.Number}", peer.Threads));
    }

    private void Lose(RelayedPeer peer, string reason)
    {
        peers.Remove(peer);
        if (peer.Owed.Exists(owed => owed.Work == work && given.Any(node => node.First <= owed.Node.First && owed.Node.End <= node.End)))
            Seen.Add(RelayHappening.WorkLost);
        Handle(new SchedulerEvent.WorkerGone(peer.Id, reason));

        // What it sent before may still come.
        if (peer.Owed.Count > 0 && chance.OneIn(4))
            Handle(ValueOf(peer, chance.Of(peer.Owed)));
    }

    private void Tick()
    {
        now += TimeSpan.FromSeconds(chance.Seconds(0, 3));
        foreach (RelayedPeer peer in peers.Where(peer => !peer.IsSilent))
        {
            peer.LastHeard = now;
            Handle(new SchedulerEvent.WorkerHeard(peer.Id, now));
        }

        Handle(new SchedulerEvent.ClockTicked(now));
        Require(!peers.Exists(peer => now - peer.LastHeard > silenceLimit), "a silent worker stays");
    }

    private void Answer(RelayedPeer peer)
    {
        (Work Work, ShardNode Node) owed = chance.OneIn(2) ? peer.Owed[0] : chance.Of(peer.Owed);
        peer.Owed.Remove(owed);
        peer.LastHeard = now;
        if (owed.Work != work)
            Seen.Add(RelayHappening.ValueOfAnEarlierWork);
        Handle(ValueOf(peer, owed));
    }

    private SchedulerEvent.NodeValueReceived ValueOf(RelayedPeer peer, (Work Work, ShardNode Node) owed) =>
        new(peer.Id, owed.Work.Kind, owed.Work.Step, owed.Node, now);

    private void Handle(SchedulerEvent happened)
    {
        EventCount++;
        note?.Invoke($"{now.TotalSeconds:0.00} {happened}");
        SchedulerCommand[] commands = [.. scheduler.Handle(happened)];
        foreach (SchedulerCommand command in commands)
        {
            note?.Invoke($"  {command}");
            Check(command, happened);
        }

        Require(toldThreads == peers.Sum(peer => peer.Threads), $"{toldThreads} threads are told, and there are {peers.Sum(peer => peer.Threads)}");
        foreach (SchedulerCommand.Evict evict in commands.OfType<SchedulerCommand.Evict>())
        {
            Seen.Add(RelayHappening.Evicted);
            Lose(peers.Find(peer => peer.Id == evict.Worker)!, evict.Reason);
        }
    }

    private void Check(SchedulerCommand command, SchedulerEvent happened)
    {
        switch (command)
        {
            case SchedulerCommand.Assign assign:
                Assign(assign);
                break;
            case SchedulerCommand.KeepValue keep:
                var value = (SchedulerEvent.NodeValueReceived)happened;
                Require((value.Kind, value.Step) == (work.Kind, work.Step), $"a value of step {value.Step} is kept in {work}");
                Require(!keptExamples.Keys.Any(node => node.First < keep.Node.End && keep.Node.First < node.End), $"{keep.Node} is kept twice");
                keptExamples.Add(keep.Node, work.ExamplesOf(keep.Node));
                break;
            case SchedulerCommand.HandUp whole:
                Require(given.Remove(whole.Node), $"{whole.Node} is handed up, and was not given or is there already");
                int examples = keptExamples.Where(kept => whole.Node.First <= kept.Key.First && kept.Key.End <= whole.Node.End).Sum(kept => kept.Value);
                Require(examples == work.ExamplesOf(whole.Node), $"{whole.Node} is handed up with {examples} of {work.ExamplesOf(whole.Node)} examples");
                break;
            case SchedulerCommand.TellThreads tell: toldThreads = tell.Threads; break;
            case SchedulerCommand.DropValue: Seen.Add(RelayHappening.ValueDropped); break;
            case SchedulerCommand.Notice { Kind: NoticeKind.WorkerLate }: Seen.Add(RelayHappening.NodesDuplicated); break;
        }
    }

    private void Assign(SchedulerCommand.Assign assign)
    {
        RelayedPeer? peer = peers.Find(peer => peer.Id == assign.Worker);
        Require(peer is not null, $"{assign.Worker} is given nodes and is gone");
        Require(assign.Work == work && assign.Nodes.Count > 0, $"{assign.Nodes.Count} nodes of {assign.Work} are given in {work}");
        foreach (ShardNode node in assign.Nodes)
        {
            Require(given.Any(whole => whole.First <= node.First && node.End <= whole.End), $"{node} is not asked for");
            Require(work.ExamplesOf(node) > 0, $"{node} has no examples");
            Require(!keptExamples.Keys.Any(kept => kept.First < node.End && node.First < kept.End), $"{node} is given, and there already");
            Require(!peer.Owed.Contains((work, node)), $"{node} is given to {assign.Worker} again");
            peer.Owed.Add((work, node));
        }
    }
}
