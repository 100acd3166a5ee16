using Backprop.Scheduling;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using Grpc.Core;
using WorkKind = Backprop.Scheduling.WorkKind;

namespace Backprop.Serving;

/// <summary>
/// Puts the parts of a worker's node values together; those of several nodes may come in turns, as their layers come to
/// exist. A value is passed on only when it is whole and was asked for; a part that does not fit ends the worker's call
/// with a status that says why.
/// </summary>
internal sealed class NodeValueReader(
    WorkerId worker, string workerName, string runId, GradientPool pool, ValueSlots slots, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<(WorkKind Kind, long Step, ShardNode Node), (int Examples, int? Slot)> asked = [];
    private readonly Dictionary<(WorkKind Kind, long Step, ShardNode Node), (GradientSum Sum, TensorAssembly Assembly)> partial = [];

    /// <summary>Whether the worker still owes values that this step's weights are for.</summary>
    public bool Owes(long step)
    {
        lock (gate)
        {
            foreach ((_, long owed, _) in asked.Keys)
            {
                if (owed == step)
                    return true;
            }

            return false;
        }
    }

    /// <summary>Notes that the worker is asked for these nodes.</summary>
    /// <param name="withSlots">Whether it may put training values into shared memory.</param>
    /// <returns>The slots for the nodes' values; none when the values are to be sent.</returns>
    public int[] Ask(Work work, IReadOnlyList<ShardNode> nodes, bool withSlots)
    {
        int[]? taken = withSlots && work.Kind == WorkKind.Training ? slots.Take(nodes.Count) : null;
        lock (gate)
        {
            for (int i = 0; i < nodes.Count; i++)
            {
                (int start, int end) = ShardCut.Range(nodes[i], work.Shards, work.BatchSize);
                asked[(work.Kind, work.Step, nodes[i])] = (end - start, taken?[i]);
            }
        }

        return taken ?? [];
    }

    /// <summary>Where the numbers stand that come with a header; null where it is of no value that the worker owes, or of one in shared memory.</summary>
    public IReadOnlyList<LayerParameters>? PlacesOf(NodeHeader header)
    {
        if (header.Shared || header.RunId != runId || header.Node is null)
            return null;
        var key = KeyOf(WorkKind.Training, header.Step, header.Node);
        lock (gate)
        {
            if (!asked.TryGetValue(key, out (int Examples, int? Slot) owed) || owed.Slot is not null)
                return null;
        }

        return PartialOf(key).Sum.Layers;
    }

    /// <summary>Takes the next part of a training node's value.</summary>
    /// <param name="parts">Copied to their places, if they do not stand in <see cref="PlacesOf"/>.</param>
    /// <returns>The value as an event once it is whole; null before. Only what was sent has been looked at: nobody knows yet whether a <see cref="SlotSum"/> is finite.</returns>
    /// <exception cref="RpcException">FAILED_PRECONDITION or INVALID_ARGUMENT.</exception>
    public (SchedulerEvent.NodeValueReceived Event, GradientSum Sum)? Read(NodeHeader header, IReadOnlyList<TensorPart> parts)
    {
        var (key, slot) = Owed(WorkKind.Training, header.RunId, header.Step, header.Node);
        if (header.Shared)
            return ReadShared(key, slot ?? throw Refused($"{Describe(key)} by shared memory, where it was to be sent"), header);
        if (slot is not null)
            throw Refused($"{Describe(key)} by its call, where it was to stand in shared memory");
        (GradientSum Sum, TensorAssembly Assembly) value = PartialOf(key);
        try
        {
            bool whole = false;
            foreach (TensorPart part in parts)
                whole = value.Assembly.Accept(part);
            if (!whole)
                return null;
        }
        catch (MalformedMessageException error)
        {
            throw Invalid($"{Describe(key)}: {error.Message}");
        }

        value.Sum.Totals = Totals(key, header.Totals);
        partial.Remove(key);
        return (Answered(key, value.Sum.IsFinite()), value.Sum);
    }

    /// <summary>Takes a value in the slot that was named for it.</summary>
    private (SchedulerEvent.NodeValueReceived Event, GradientSum Sum) ReadShared(
        (WorkKind Kind, long Step, ShardNode Node) key, int slot, NodeHeader header)
    {
        NodeTotals totals = Totals(key, header.Totals);
        GradientSum sum = slots.Value(slot);
        sum.Totals = totals;
        return (Answered(key, isFinite: true), sum);
    }

    /// <summary>Takes an evaluation node's value.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION or INVALID_ARGUMENT.</exception>
    public (SchedulerEvent.NodeValueReceived Event, NodeTotals Totals) Read(EvaluationValue value)
    {
        var (key, _) = Owed(WorkKind.Evaluation, value.RunId, value.Step, value.Node);
        NodeTotals totals = Totals(key, value.Totals);
        return (Answered(key, double.IsFinite(totals.Cost)), totals);
    }

    /// <summary>Drops what is not whole.</summary>
    public void Abandon()
    {
        foreach ((GradientSum sum, _) in partial.Values)
            pool.Return(sum);
        partial.Clear();
    }

    private (GradientSum Sum, TensorAssembly Assembly) PartialOf((WorkKind Kind, long Step, ShardNode Node) key)
    {
        if (!partial.TryGetValue(key, out (GradientSum Sum, TensorAssembly Assembly) value))
        {
            value = partial[key] = (pool.Rent(), new TensorAssembly(descending: true));
            value.Assembly.Begin(value.Sum.Layers);
        }

        return value;
    }

    /// <summary>Which value it is, and the slot that was named for it.</summary>
    private ((WorkKind Kind, long Step, ShardNode Node) Key, int? Slot) Owed(WorkKind kind, string run, ulong step, Node? node)
    {
        if (run != runId)
            throw Refused($"sent a value of run '{Shorten(run)}'; this is run {runId}");
        if (node is null)
            throw Invalid("sent a value without a node");
        var key = KeyOf(kind, step, node);
        return (key, Asked(key).Slot);
    }

    private static (WorkKind Kind, long Step, ShardNode Node) KeyOf(WorkKind kind, ulong step, Node node) =>
        (kind, (long)step, new ShardNode((int)Math.Min(node.First, int.MaxValue), (int)Math.Min(node.Count, int.MaxValue)));

    /// <summary>What was noted of a value that the worker owes. One that it sends both ways at once may be answered between two looks.</summary>
    private (int Examples, int? Slot) Asked((WorkKind Kind, long Step, ShardNode Node) key)
    {
        lock (gate)
        {
            return asked.TryGetValue(key, out (int Examples, int? Slot) owed)
                ? owed
                : throw Refused($"{Describe(key)}, which it was not asked for; dropped");
        }
    }

    private SchedulerEvent.NodeValueReceived Answered((WorkKind Kind, long Step, ShardNode Node) key, bool isFinite)
    {
        lock (gate)
            asked.Remove(key);
        return new SchedulerEvent.NodeValueReceived(worker, key.Kind, key.Step, key.Node, time.GetElapsedTime(0), isFinite);
    }

    private NodeTotals Totals((WorkKind Kind, long Step, ShardNode Node) key, Totals? totals)
    {
        int expected = Asked(key).Examples;
        if (totals is null)
            throw Invalid($"{Describe(key)} without its totals");
        if (totals.ExampleCount != expected || totals.CorrectCount > totals.ExampleCount)
        {
            throw Invalid(
                $"{Describe(key)} with {totals.ExampleCount} examples, {totals.CorrectCount} of them correct; the node has {expected}");
        }

        return new NodeTotals((int)totals.ExampleCount, (int)totals.CorrectCount, totals.Cost);
    }

    private static string Describe((WorkKind Kind, long Step, ShardNode Node) key) =>
        $"sent {(key.Kind == WorkKind.Training ? "node" : "evaluation node")} {key.Node} of step {key.Step}";

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";

    private RpcException Refused(string what) => new(new Status(StatusCode.FailedPrecondition, $"Worker {workerName} {what}."));

    private RpcException Invalid(string what) => new(new Status(StatusCode.InvalidArgument, $"Worker {workerName} {what}."));
}
