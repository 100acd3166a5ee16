using Backprop.Core.Sharding;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>A worker behind a relay.</summary>
internal sealed class RelayedPeer(WorkerId id)
{
    public WorkerId Id { get; } = id;

    public int Threads { get; set; }

    /// <summary>It neither beats nor answers.</summary>
    public bool IsSilent { get; set; }

    public TimeSpan LastHeard { get; set; }

    /// <summary>What it was given and has not answered.</summary>
    public List<(Work Work, ShardNode Node)> Owed { get; } = [];
}
