using Backprop.Coordinator.Scheduling;
using Backprop.Core.Sharding;
using Backprop.Core.Training;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>
/// What must hold of the work: every step is committed once and in order; at every moment each shard of it is with one
/// worker, answered, or left behind by one that is gone; and a commit counts every example once.
/// </summary>
internal sealed class Ledger(TrainingPlan plan)
{
    private readonly Dictionary<ShardNode, WorkerId> outstanding = [];
    private readonly HashSet<ShardNode> kept = [];
    private readonly HashSet<int> leftBehind = [];
    private Work next = new(WorkKind.Training, 0, 0, plan.Shards, plan.BatchSizeOf(0));

    public long CommittedSteps { get; private set; }

    /// <summary>Nodes that a worker had not answered when it was gone.</summary>
    public long NodesLeft { get; private set; }

    /// <summary>Whether the next work has been begun.</summary>
    public bool IsWorking { get; private set; }

    public bool AnyOutstanding => outstanding.Count > 0;

    public bool IsDone => next.Step == plan.StepCount && next.Kind == WorkKind.Training;

    public Work Next => next;

    /// <summary>Whether the value is one that somebody was asked for and has not given.</summary>
    public bool IsWanted(SchedulerEvent.NodeValueReceived value) =>
        IsWorking && (value.Kind, value.Step) == (next.Kind, next.Step)
        && outstanding.TryGetValue(value.Node, out WorkerId holder) && holder == value.Worker;

    public void Assign(SchedulerCommand.Assign assign)
    {
        HistoryException.Require(assign.Work == next, $"{assign.Work} is given out, and {next} is to be done");
        IsWorking = true;
        foreach (ShardNode node in assign.Nodes)
        {
            HistoryException.Require(
                node.IsNodeOf(next.Shards) && !outstanding.Keys.Concat(kept).Any(other => Overlap(node, other)),
                $"{node} of {next} is given out, and part of it is with another or answered");
            outstanding.Add(node, assign.Worker);
            for (int shard = node.First; shard < node.End; shard++)
                leftBehind.Remove(shard);
        }
    }

    public void Keep(SchedulerCommand.KeepValue keep)
    {
        HistoryException.Require(outstanding.Remove(keep.Node), $"{keep.Node} of {next} is kept, and nobody was asked for it");
        kept.Add(keep.Node);
    }

    /// <returns>How many nodes it had not answered.</returns>
    public int Lose(WorkerId worker)
    {
        ShardNode[] lost = [.. outstanding.Where(pair => pair.Value == worker).Select(pair => pair.Key)];
        foreach (ShardNode node in lost)
        {
            outstanding.Remove(node);
            leftBehind.UnionWith(Enumerable.Range(node.First, node.Count).Where(shard => ExamplesOf(new ShardNode(shard, 1)) > 0));
        }

        NodesLeft += lost.Length;
        return lost.Length;
    }

    public void Commit(Work work)
    {
        HistoryException.Require(IsWorking && work == next, $"{work} is committed, and {next} is to be done");
        HistoryException.Require(outstanding.Count == 0, $"{work} is committed before {outstanding.Count} nodes are answered");
        CountExamples();
        kept.Clear();
        IsWorking = false;
        if (work.Kind == WorkKind.Training)
            CommittedSteps++;
        next = work.Kind == WorkKind.Training && plan.EndsEpoch(work.Step)
            ? new Work(WorkKind.Evaluation, work.Epoch, CommittedSteps, plan.EvaluationShards, plan.TestExamples)
            : new Work(WorkKind.Training, plan.EpochOf(CommittedSteps), CommittedSteps, plan.Shards, plan.BatchSizeOf(CommittedSteps));
    }

    /// <summary>Once an event is dealt with no shard may be lost, and none lies where somebody could compute it.</summary>
    public void Check(bool anyWorkers)
    {
        if (!IsWorking)
            return;
        HistoryException.Require(leftBehind.Count == 0 || !anyWorkers, $"shards {string.Join(' ', leftBehind)} of {next} are handed to nobody");
        int covered = outstanding.Keys.Concat(kept).Sum(ExamplesOf) + leftBehind.Sum(shard => ExamplesOf(new ShardNode(shard, 1)));
        HistoryException.Require(covered == next.BatchSize, $"{covered} of the {next.BatchSize} examples of {next} are with somebody or answered");
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
