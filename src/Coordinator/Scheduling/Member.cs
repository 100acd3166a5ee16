using Backprop.Core.Sharding;

namespace Backprop.Coordinator.Scheduling;

/// <summary>A ready worker as the scheduler knows it.</summary>
internal sealed class Member(WorkerId id, string name, int threads, TimeSpan lastHeard)
{
    public WorkerId Id { get; } = id;

    public string Name { get; } = name;

    /// <summary>Nodes are shared out in proportion to it.</summary>
    public int Threads { get; } = threads;

    public TimeSpan LastHeard { get; set; } = lastHeard;

    /// <summary>Nodes of the current work that it has been given and has not answered.</summary>
    public HashSet<ShardNode> Outstanding { get; } = [];

    public int OutstandingShards => Outstanding.Sum(node => node.Count);
}
