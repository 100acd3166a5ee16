using Backprop.Core.Sharding;
using Backprop.Core.Training;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>What is to become of a value that comes.</summary>
internal enum Fate
{
    Drop,
    Keep,
    Compare,
}

/// <summary>
/// What must hold of the work: every step is committed once and in order; at every moment each shard of it is with a
/// worker, answered, or left behind by one that is gone; and a commit counts every example once.
/// </summary>
internal sealed class Ledger(TrainingPlan plan, long firstStep, bool evaluationPending)
{
    private readonly Dictionary<ShardNode, HashSet<WorkerId>> outstanding = [];
    private readonly Dictionary<WorkerId, HashSet<(Work Work, ShardNode Node)>> unanswered = [];
    private readonly HashSet<ShardNode> kept = [];
    private readonly HashSet<int> leftBehind = [];
    private readonly HashSet<long> remembered = [];
    private Work next = WorkAfter(plan, firstStep, evaluationPending);

    public long CommittedSteps { get; private set; } = firstStep;

    /// <summary>Nodes that went to another worker than the first.</summary>
    public long NodesReassigned { get; private set; }

    /// <summary>Whether the next work has been begun.</summary>
    public bool IsWorking { get; private set; }

    public bool AnyOutstanding => outstanding.Count > 0;

    public bool IsDone => next.Step == plan.StepCount && next.Kind == WorkKind.Training;

    public Work Next => next;

    /// <summary>Workers whose first values of nodes are waited for.</summary>
    public HashSet<WorkerId> Awaited => [.. outstanding.Where(node => !kept.Contains(node.Key)).SelectMany(node => node.Value)];

    /// <summary>Workers that have not answered all, though another's value may do.</summary>
    public HashSet<WorkerId> Unanswered => [.. outstanding.Values.SelectMany(workers => workers)];

    /// <summary>Whether a node is with two workers.</summary>
    public bool HasTwins => outstanding.Values.Any(holders => holders.Count > 1);

    /// <summary>Whether it has yet to answer what it was given of a work that is over.</summary>
    public bool IsBehind(WorkerId worker) => unanswered.GetValueOrDefault(worker)?.Any(owed => owed.Work != next) ?? false;

    public bool OwesNothing(WorkerId worker) => unanswered.GetValueOrDefault(worker) is not { Count: > 0 };

    public Fate FateOf(SchedulerEvent.NodeValueReceived value)
    {
        foreach ((Work work, ShardNode node) in unanswered.GetValueOrDefault(value.Worker) ?? [])
        {
            if ((work.Kind, work.Step, node) != (value.Kind, value.Step, value.Node))
                continue;
            if (work == next)
                return kept.Contains(node) ? Fate.Compare : Fate.Keep;
            return work.Kind == WorkKind.Training ? Fate.Compare : Fate.Drop;
        }

        return Fate.Drop;
    }

    /// <summary>The worker has answered, whatever becomes of it.</summary>
    public void Answer(SchedulerEvent.NodeValueReceived value)
    {
        unanswered.GetValueOrDefault(value.Worker)?.RemoveWhere(
            owed => (owed.Work.Kind, owed.Work.Step, owed.Node) == (value.Kind, value.Step, value.Node));
        if ((value.Kind, value.Step) == (next.Kind, next.Step))
            Release(value.Node, value.Worker);
    }

    public void Assign(SchedulerCommand.Assign assign, SchedulerEvent happened)
    {
        HistoryException.Require(assign.Work == next, $"{assign.Work} is given out, and {next} is to be done");
        IsWorking = true;
        foreach (ShardNode node in assign.Nodes)
        {
            bool isTwin = outstanding.TryGetValue(node, out HashSet<WorkerId>? holders);
            HistoryException.Require(
                node.IsNodeOf(next.Shards) && !outstanding.Keys.Concat(kept).Any(other => other != node && Overlap(node, other)) && !kept.Contains(node),
                $"{node} of {next} is given out, and part of it is with another or answered");
            HistoryException.Require(
                unanswered.GetValueOrDefault(assign.Worker)?.Contains((next, node)) is not true, $"{node} of {next} is given to {assign.Worker} twice");
            if (!isTwin)
                outstanding[node] = holders = [];
            else if (happened is SchedulerEvent.ClockTicked)
                NodesReassigned++;
            holders!.Add(assign.Worker);
            if (!unanswered.TryGetValue(assign.Worker, out var owed))
                unanswered[assign.Worker] = owed = [];
            owed.Add((next, node));
            for (int shard = node.First; shard < node.End; shard++)
                leftBehind.Remove(shard);
        }
    }

    public void Keep(ShardNode node)
    {
        HistoryException.Require(kept.Add(node), $"{node} of {next} is kept twice");
    }

    public void Discard(ShardNode node)
    {
        HistoryException.Require(kept.Remove(node), $"{node} of {next} is discarded, and was not kept");
        WorkerId[] atIt = [.. unanswered.Where(worker => worker.Value.Contains((next, node))).Select(worker => worker.Key)];
        if (atIt.Length > 0)
            outstanding[node] = [.. atIt];
        else if (!outstanding.ContainsKey(node))
            LeaveBehind(node);
    }

    /// <returns>How many nodes nobody computes any more.</returns>
    public int Lose(WorkerId worker)
    {
        unanswered.Remove(worker);
        long before = NodesReassigned;
        foreach (ShardNode node in outstanding.Keys.ToList())
            Release(node, worker, thenLeaveBehind: true);
        return (int)(NodesReassigned - before);
    }

    public void Commit(Work work, IReadOnlyList<ShardNode> stillOwed)
    {
        HistoryException.Require(IsWorking && work == next, $"{work} is committed, and {next} is to be done");
        HistoryException.Require(
            outstanding.Keys.All(kept.Contains), $"{work} is committed before {outstanding.Count} nodes are answered");
        CountExamples();
        HashSet<ShardNode> owed = [.. unanswered.Values.SelectMany(all => all).Where(one => one.Work == work).Select(one => one.Node)];
        HistoryException.Require(
            work.Kind == WorkKind.Evaluation || owed.SetEquals(stillOwed), $"{stillOwed.Count} nodes of {work} are told as owed, and {owed.Count} are");
        HistoryException.Require(stillOwed.All(kept.Contains), $"what is owed of {work} has nothing to be compared with");
        if (stillOwed.Count > 0)
            remembered.Add(work.Step);
        kept.Clear();
        outstanding.Clear();
        IsWorking = false;
        if (work.Kind == WorkKind.Training)
            CommittedSteps++;
        next = WorkAfter(plan, CommittedSteps, work.Kind == WorkKind.Training && plan.EndsEpoch(work.Step));
    }

    public void Forget(long step) => remembered.Remove(step);

    /// <summary>Once an event is dealt with no shard may be lost, and none lies where somebody could compute it.</summary>
    public void Check(bool anyWorkers)
    {
        foreach (long step in remembered)
        {
            HistoryException.Require(
                unanswered.Values.Any(all => all.Any(owed => owed.Work.Kind == WorkKind.Training && owed.Work.Step == step)),
                $"step {step} is remembered, and nobody owes anything of it");
        }

        if (!IsWorking)
            return;
        HistoryException.Require(leftBehind.Count == 0 || !anyWorkers, $"shards {string.Join(' ', leftBehind)} of {next} are handed to nobody");
        int covered = outstanding.Keys.Union(kept).Sum(ExamplesOf) + leftBehind.Sum(shard => ExamplesOf(new ShardNode(shard, 1)));
        HistoryException.Require(covered == next.BatchSize, $"{covered} of the {next.BatchSize} examples of {next} are with somebody or answered");
    }

    private static Work WorkAfter(TrainingPlan plan, long steps, bool evaluation) => evaluation
        ? new Work(WorkKind.Evaluation, plan.EpochOf(steps - 1), steps, plan.EvaluationShards, plan.TestExamples)
        : new Work(WorkKind.Training, plan.EpochOf(steps), steps, plan.Shards, plan.BatchSizeOf(steps));

    private void Release(ShardNode node, WorkerId worker, bool thenLeaveBehind = false)
    {
        if (!outstanding.TryGetValue(node, out HashSet<WorkerId>? holders) || !holders.Remove(worker) || holders.Count > 0)
            return;
        outstanding.Remove(node);
        if (thenLeaveBehind && !kept.Contains(node))
            LeaveBehind(node);
    }

    private void LeaveBehind(ShardNode node)
    {
        NodesReassigned++;
        leftBehind.UnionWith(Enumerable.Range(node.First, node.Count).Where(shard => ExamplesOf(new ShardNode(shard, 1)) > 0));
    }

    private void CountExamples()
    {
        int[] times = new int[next.BatchSize];
        foreach (ShardNode node in kept)
        {
            (int start, int end) = ShardCut.Range(node, next.Shards, next.BatchSize);
            for (int example = start; example < end; example++)
                times[example]++;
        }

        HistoryException.Require(Array.TrueForAll(times, time => time == 1), $"{next} counts its examples {string.Join(' ', times)} times");
    }

    private int ExamplesOf(ShardNode node)
    {
        (int start, int end) = ShardCut.Range(node, next.Shards, next.BatchSize);
        return end - start;
    }

    private static bool Overlap(ShardNode a, ShardNode b) => a.First < b.End && b.First < a.End;
}
