using Backprop.Core.Sharding;

namespace Backprop.Scheduling;

/// <summary>One life of a worker on one connection; numbers are never used again.</summary>
public readonly record struct WorkerId(int Number)
{
    public override string ToString() => $"#{Number}";
}

/// <summary>Something that happened, in the order in which it is to be taken.</summary>
public abstract record SchedulerEvent
{
    private SchedulerEvent()
    {
    }

    /// <summary>A worker holds the data set and can compute.</summary>
    public sealed record WorkerReady(WorkerId Worker, string Name, int Threads) : SchedulerEvent;

    /// <summary>A worker died, left, or was sent away.</summary>
    public sealed record WorkerGone(WorkerId Worker, string Reason) : SchedulerEvent;

    /// <summary>A sign of life.</summary>
    public sealed record WorkerHeard(WorkerId Worker, TimeSpan Now) : SchedulerEvent;

    /// <summary>What a worker stands for has changed: a relay's workers come and go.</summary>
    public sealed record WorkerThreadsChanged(WorkerId Worker, int Threads) : SchedulerEvent;

    /// <summary>A relay is given nodes of a work; it has handed up all that it was given before.</summary>
    /// <param name="Nodes">Disjoint nodes with examples.</param>
    public sealed record NodesAssigned(Work Work, IReadOnlyList<ShardNode> Nodes) : SchedulerEvent;

    /// <summary>A whole value of a node has come.</summary>
    /// <param name="IsFinite">Whether each of its numbers is; others are added to nothing before they are looked into.</param>
    public sealed record NodeValueReceived(
        WorkerId Worker, WorkKind Kind, long Step, ShardNode Node, TimeSpan Now, bool IsFinite = true) : SchedulerEvent;

    /// <summary>The answer to <see cref="SchedulerCommand.CompareValue"/>.</summary>
    /// <param name="Agrees">Whether the value has the bits of the one that was kept.</param>
    /// <param name="Name">The worker's name.</param>
    /// <param name="KeptFrom">Who gave the one that was kept.</param>
    public sealed record ValueCompared(Work Work, ShardNode Node, bool Agrees, string Name, string KeptFrom) : SchedulerEvent;

    /// <summary>The answer to <see cref="SchedulerCommand.Recompute"/>: what stands for the node now is what the coordinator computed.</summary>
    /// <param name="Wrong">Who gave other bits than the coordinator, by name.</param>
    /// <param name="KeptWasWrong">Whether the value that was kept, and may have been committed, is among them.</param>
    /// <param name="IsFinite">Whether the coordinator's own numbers are; if not, it is the training that runs away.</param>
    public sealed record NodeRecomputed(
        Work Work, ShardNode Node, IReadOnlyList<(WorkerId Worker, string Name)> Wrong, bool KeptWasWrong, bool IsFinite)
        : SchedulerEvent;

    /// <summary>Time passes.</summary>
    public sealed record ClockTicked(TimeSpan Now) : SchedulerEvent;

    /// <summary>A local worker will not come, or not again.</summary>
    /// <param name="Failed">It cannot work; otherwise somebody asked it to leave.</param>
    public sealed record WorkerGivenUp(string Name, string Reason, bool Failed) : SchedulerEvent;

    /// <summary>Somebody asked the run to end after the running step.</summary>
    public sealed record StopRequested : SchedulerEvent;
}
