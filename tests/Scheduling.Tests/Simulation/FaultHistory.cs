using Backprop.Coordinator.Scheduling;
using Backprop.Core.Data;
using Backprop.Core.Sharding;
using Backprop.Core.Training;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>
/// A run under faults that all follow from one seed: workers join, die, freeze and wake; answers are delayed, reordered,
/// doubled, and come late. At every commit each example must be there exactly once.
/// </summary>
internal sealed class FaultHistory(ulong seed)
{
    private const int EventsAtMost = 20_000;

    private readonly RandomSource random = new(seed, stream: 0);
    private readonly List<Peer> peers = [];
    private readonly List<SchedulerEvent.NodeValueReceived> underway = [];
    private readonly Dictionary<ShardNode, int> kept = [];
    private int lives;
    private long committed;
    private int evaluations;
    private bool finished;
    private double clock = 3600;

    /// <summary>What happened, for a person who looks into a failure.</summary>
    public List<string> Trace { get; } = [];

    /// <exception cref="HistoryException">A promise was broken.</exception>
    public void Run()
    {
        var plan = new TrainingPlan(
            1 + random.NextInt(60), 1 + random.NextInt(20), 1 + random.NextInt(3), 1 << random.NextInt(4), 1 + random.NextInt(600), random.NextInt(4));
        int starting = 1 + random.NextInt(3);
        var scheduler = new Scheduler(plan, new SchedulerOptions(starting, 1, TimeSpan.FromHours(1), TimeSpan.FromSeconds(8)), Now);
        Note($"{plan}, starts with {starting}");
        for (int count = 0; !finished; count++)
        {
            if (count > EventsAtMost)
                throw new HistoryException("the run does not come to its end");

            // In the end the faults stop, and the run must end by itself.
            SchedulerEvent happened = Next(faultsStopped: count > 400);
            Note(happened.ToString());
            foreach (SchedulerCommand command in scheduler.Handle(happened).ToList())
                Take(command, happened, plan);
        }

        if (committed != plan.StepCount || evaluations != plan.Epochs)
            throw new HistoryException($"{committed} steps and {evaluations} evaluations, not {plan.StepCount} and {plan.Epochs}");
    }

    private SchedulerEvent Next(bool faultsStopped)
    {
        clock += 0.01;
        if (peers.Count == 0 || (peers.Count < 6 && random.NextInt(faultsStopped ? 1000 : 12) == 0))
            return Join();
        if (!faultsStopped && random.NextInt(10) == 0)
            return Die(peers[random.NextInt(peers.Count)]);
        if (!faultsStopped && random.NextInt(15) == 0)
            peers[random.NextInt(peers.Count)].IsFrozen ^= true;
        if (faultsStopped)
            peers.ForEach(peer => peer.IsFrozen = false);
        int[] ready = [.. Enumerable.Range(0, underway.Count).Where(i => peers.Find(peer => peer.Id == underway[i].Worker) is not { IsFrozen: true })];
        if (ready.Length == 0 || random.NextInt(8) == 0)
            return random.NextInt(3) == 0 || peers.TrueForAll(peer => peer.IsFrozen) ? new SchedulerEvent.ClockTicked(Now) : Hear();
        int chosen = ready[random.NextInt(ready.Length)];
        SchedulerEvent.NodeValueReceived value = underway[chosen];
        if (random.NextInt(12) != 0)
            underway.RemoveAt(chosen);
        return value;
    }

    private TimeSpan Now => TimeSpan.FromSeconds(clock);

    private SchedulerEvent.WorkerReady Join()
    {
        var peer = new Peer(new WorkerId(++lives), 1 + random.NextInt(3));
        peers.Add(peer);
        return new SchedulerEvent.WorkerReady(peer.Id, $"w{lives}", peer.Threads);
    }

    /// <summary>Its answers on the way may still come, or not.</summary>
    private SchedulerEvent.WorkerGone Die(Peer peer)
    {
        peers.Remove(peer);
        if (random.NextInt(2) == 0)
            underway.RemoveAll(value => value.Worker == peer.Id);
        return new SchedulerEvent.WorkerGone(peer.Id, "it died");
    }

    private SchedulerEvent.WorkerHeard Hear()
    {
        Peer[] awake = [.. peers.Where(peer => !peer.IsFrozen)];
        return new SchedulerEvent.WorkerHeard(awake[random.NextInt(awake.Length)].Id, Now);
    }

    private void Take(SchedulerCommand command, SchedulerEvent happened, TrainingPlan plan)
    {
        switch (command)
        {
            case SchedulerCommand.Assign assign:
                if (peers.TrueForAll(peer => peer.Id != assign.Worker))
                    throw new HistoryException($"{assign.Worker} is given nodes and is gone");
                underway.AddRange(assign.Nodes.Select(node => new SchedulerEvent.NodeValueReceived(assign.Worker, assign.Work.Kind, assign.Work.Step, node)));
                break;
            case SchedulerCommand.KeepValue keep:
                var value = (SchedulerEvent.NodeValueReceived)happened;
                if (value.Node != keep.Node || !kept.TryAdd(keep.Node, 1))
                    throw new HistoryException($"{keep.Node} is kept twice");
                break;
            case SchedulerCommand.CommitStep commit:
                if (commit.Work.Step != committed++)
                    throw new HistoryException($"step {commit.Work.Step} is committed after {committed - 1} steps");
                RequireEachExampleOnce(commit.Work, plan.BatchSizeOf(commit.Work.Step));
                break;
            case SchedulerCommand.CommitEvaluation commit:
                evaluations++;
                RequireEachExampleOnce(commit.Work, plan.TestExamples);
                break;
            case SchedulerCommand.Evict evict when peers.Find(peer => peer.Id == evict.Worker) is { } silent:
                // The shell ends its connection; the scheduler learns of it by and by.
                peers.Remove(silent);
                peers.Add(new Peer(silent.Id, silent.Threads) { IsFrozen = false });
                break;
            case SchedulerCommand.Finish end:
                finished = true;
                if (end.End != RunEnd.Completed)
                    throw new HistoryException($"the run {end.End}: {end.Reason}");
                break;
        }
    }

    private void RequireEachExampleOnce(Work work, int batchSize)
    {
        int[] seen = new int[batchSize];
        foreach (ShardNode node in kept.Keys)
        {
            (int start, int end) = ShardCut.Range(node, work.Shards, batchSize);
            for (int example = start; example < end; example++)
                seen[example]++;
        }

        kept.Clear();
        if (!Array.TrueForAll(seen, times => times == 1))
            throw new HistoryException($"{work} counts its examples {string.Join(' ', seen)} times");
    }

    private void Note(string line) => Trace.Add(line);

    private sealed class Peer(WorkerId id, int threads)
    {
        public WorkerId Id => id;

        public int Threads => threads;

        public bool IsFrozen { get; set; }
    }
}

internal sealed class HistoryException(string message) : Exception(message);
