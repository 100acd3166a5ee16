namespace Backprop.Scheduling;

/// <summary>What an entry of the run's log is about.</summary>
public enum NoticeKind
{
    /// <summary>A file that could not be written, or a limit of this run: nothing of the below.</summary>
    Warning,
    RunStarted,
    RunEnded,

    /// <summary>Where a run goes on that was begun before.</summary>
    RunResumed,

    /// <summary>Where the time of a run's steps went.</summary>
    StepTimes,
    WorkerJoined,
    WorkerLost,

    /// <summary>Its nodes were given to another one as well.</summary>
    WorkerLate,

    /// <summary>A local worker is not started again.</summary>
    WorkerGivenUp,

    /// <summary>Two values of one node have other bits, or one is not finite.</summary>
    ValuesDiffer,

    /// <summary>Found to compute wrongly and sent away for good.</summary>
    WorkerQuarantined,
}
