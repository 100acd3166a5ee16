namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>What a relay's histories are about: each of these must come up often, or they prove little.</summary>
internal enum RelayHappening
{
    /// <summary>A worker was lost with nodes that it had not answered.</summary>
    WorkLost,

    /// <summary>A worker had been silent for too long.</summary>
    Evicted,

    /// <summary>A late worker's nodes were given to another as well.</summary>
    NodesDuplicated,

    /// <summary>A value was not needed any more.</summary>
    ValueDropped,

    /// <summary>A value came for a work that was over.</summary>
    ValueOfAnEarlierWork,
}
