using Backprop.Core.Sharding;

namespace Backprop.Coordinator.Scheduling;

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

    /// <summary>A whole value of a node has come.</summary>
    public sealed record NodeValueReceived(WorkerId Worker, WorkKind Kind, long Step, ShardNode Node) : SchedulerEvent;

    /// <summary>Time passes.</summary>
    public sealed record ClockTicked(TimeSpan Now) : SchedulerEvent;

    /// <summary>A local worker will not come, or not again.</summary>
    /// <param name="Failed">It cannot work; otherwise somebody asked it to leave.</param>
    public sealed record WorkerGivenUp(string Name, string Reason, bool Failed) : SchedulerEvent;

    /// <summary>Somebody asked the run to end after the running step.</summary>
    public sealed record StopRequested : SchedulerEvent;
}
