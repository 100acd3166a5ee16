namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>What histories are about: each of these must come up often, or they prove little.</summary>
internal enum Happening
{
    /// <summary>A worker was lost with nodes that it had not answered.</summary>
    NodesHandedOn,

    /// <summary>So was one that had been silent for too long.</summary>
    NodesOfEvictedHandedOn,

    /// <summary>A value came from a worker after it was gone.</summary>
    ValueAfterTheEnd,

    /// <summary>A value came again, or for a step that was over.</summary>
    ValueTooMany,

    /// <summary>A worker came back with another life.</summary>
    JoinedAgain,

    /// <summary>Some workers were there, and too few.</summary>
    TooFewWorkers,

    /// <summary>Awaited workers were given up.</summary>
    GivenUp,

    /// <summary>All of them had failed, and no other was there.</summary>
    Forsaken,

    /// <summary>A stop was asked for while a step ran.</summary>
    StopDuringAStep,

    /// <summary>A stop was asked for while the run waited for workers.</summary>
    StopWhileWaiting,

    Completed,
    Interrupted,

    /// <summary>Nobody came for too long, before the first step or after it.</summary>
    Failed,
}
