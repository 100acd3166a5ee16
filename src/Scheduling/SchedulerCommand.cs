using Backprop.Core.Sharding;

namespace Backprop.Scheduling;

/// <summary>Something to be done, in this order, by the shell around the scheduler.</summary>
public abstract record SchedulerCommand
{
    private SchedulerCommand()
    {
    }

    /// <summary>Has a worker compute nodes.</summary>
    public sealed record Assign(WorkerId Worker, Work Work, IReadOnlyList<ShardNode> Nodes) : SchedulerCommand;

    /// <summary>Keeps the value that has just come: it is the node's.</summary>
    public sealed record KeepValue(WorkerId Worker, ShardNode Node) : SchedulerCommand;

    /// <summary>
    /// Compares the value that has just come, bit by bit, with the one that was kept for the node, and tells
    /// <see cref="SchedulerEvent.ValueCompared"/> before anything else.
    /// </summary>
    public sealed record CompareValue(WorkerId Worker, Work Work, ShardNode Node) : SchedulerCommand;

    /// <summary>
    /// Has the coordinator compute a node itself, with the weights of that work, put its value in the place of one that was kept
    /// and is wrong unless the work is committed, and tell <see cref="SchedulerEvent.NodeRecomputed"/> before anything else.
    /// </summary>
    public sealed record Recompute(Work Work, ShardNode Node) : SchedulerCommand;

    /// <summary>Drops a value that was kept for a node of the current work: another will come.</summary>
    public sealed record DiscardValue(ShardNode Node) : SchedulerCommand;

    /// <summary>Drops the value that has just come.</summary>
    public sealed record DropValue(WorkerId Worker, ShardNode Node, string Reason) : SchedulerCommand;

    /// <summary>All that a relay's node is the sum of is there: add it along the tree and hand it up.</summary>
    public sealed record HandUp(Work Work, ShardNode Node) : SchedulerCommand;

    /// <summary>A relay stands for so many threads now.</summary>
    public sealed record TellThreads(int Threads) : SchedulerCommand;

    /// <summary>All nodes of a mini-batch are there: add them along the tree and update the weights.</summary>
    /// <param name="StillOwed">
    /// Nodes whose values are yet to come from a second worker, to be compared: their bits and the step's weights are
    /// remembered until <see cref="ForgetStep"/>.
    /// </param>
    public sealed record CommitStep(Work Work, IReadOnlyList<ShardNode> StillOwed) : SchedulerCommand;

    /// <summary>Nothing of a committed step will be compared any more.</summary>
    public sealed record ForgetStep(long Step) : SchedulerCommand;

    /// <summary>All nodes of an evaluation are there: add them along the tree.</summary>
    public sealed record CommitEvaluation(Work Work) : SchedulerCommand;

    /// <summary>Saves what an exact resume at <paramref name="NextStep"/> needs.</summary>
    /// <param name="CanWait">Whether a later one will do, where checkpoints would take too much of the training time.</param>
    public sealed record SaveCheckpoint(long NextStep, bool CanWait) : SchedulerCommand;

    /// <summary>Takes back the checkpoints of more steps than these: a wrong value is in them.</summary>
    public sealed record DiscardCheckpoints(long AfterStep) : SchedulerCommand;

    /// <summary>Ends a worker's connection: it has been silent for too long.</summary>
    public sealed record Evict(WorkerId Worker, string Reason) : SchedulerCommand;

    /// <summary>Ends a worker's connection and lets none of its name in again: it computes wrongly.</summary>
    public sealed record Quarantine(WorkerId Worker, string Name, string Reason) : SchedulerCommand;

    /// <summary>Tells people, and the log.</summary>
    /// <param name="Line">In one line, for people.</param>
    /// <param name="Worker">The worker's name, where it is about one.</param>
    public sealed record Notice(NoticeKind Kind, string Line, string? Worker = null) : SchedulerCommand;

    /// <summary>Training waits: too few workers.</summary>
    public sealed record WaitForWorkers(int Ready, int Wanted) : SchedulerCommand;

    /// <summary>The run is over.</summary>
    public sealed record Finish(RunEnd End, string Reason) : SchedulerCommand;
}

public enum RunEnd
{
    Completed,
    Interrupted,
    Failed,
}
