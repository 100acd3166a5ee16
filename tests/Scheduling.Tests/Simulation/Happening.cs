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

    /// <summary>A late worker's nodes were given to another as well.</summary>
    NodesDuplicated,

    /// <summary>A second value came for a node, in time or after its step was committed.</summary>
    ValuesCompared,

    /// <summary>And had other bits.</summary>
    ValuesDiffered,

    /// <summary>A worker was found to compute wrongly.</summary>
    Quarantined,

    /// <summary>Before a value was taken it was known that it completes a step.</summary>
    StepForeseen,

    /// <summary>Another coordinator went on from a checkpoint.</summary>
    Resumed,

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
