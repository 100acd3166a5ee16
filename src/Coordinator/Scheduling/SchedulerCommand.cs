using Backprop.Core.Sharding;

namespace Backprop.Coordinator.Scheduling;

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

    /// <summary>Drops the value that has just come.</summary>
    public sealed record DropValue(WorkerId Worker, ShardNode Node, string Reason) : SchedulerCommand;

    /// <summary>All nodes of a mini-batch are there: add them along the tree and update the weights.</summary>
    public sealed record CommitStep(Work Work) : SchedulerCommand;

    /// <summary>All nodes of an evaluation are there: add them along the tree.</summary>
    public sealed record CommitEvaluation(Work Work) : SchedulerCommand;

    /// <summary>Saves what an exact resume at <paramref name="NextStep"/> needs.</summary>
    public sealed record SaveCheckpoint(long NextStep) : SchedulerCommand;

    /// <summary>Ends a worker's connection: it has been silent for too long.</summary>
    public sealed record Evict(WorkerId Worker, string Reason) : SchedulerCommand;

    /// <summary>Tells people.</summary>
    public sealed record Notice(string Line) : SchedulerCommand;

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
