using Backprop.Core.Sharding;

namespace Backprop.Scheduling;

/// <summary>A ready worker as the scheduler knows it.</summary>
internal sealed class Member(WorkerId id, string name, int threads, TimeSpan lastHeard)
{
    public WorkerId Id { get; } = id;

    public string Name { get; } = name;

    /// <summary>Nodes are shared out in proportion to it.</summary>
    public int Threads { get; set; } = threads;

    public TimeSpan LastHeard { get; set; } = lastHeard;

    /// <summary>Nodes of the current work that it has been given, and whose values are waited for.</summary>
    public HashSet<ShardNode> Outstanding { get; } = [];

    public int OutstandingShards => Outstanding.Sum(node => node.Count);

    /// <summary>Nodes that it has been given and that others have answered meanwhile: it is still busy with them.</summary>
    public HashSet<(Work Work, ShardNode Node)> Late { get; } = [];

    public bool IsFree => Outstanding.Count == 0 && Late.Count == 0;

    /// <summary>When it was given what it is busy with.</summary>
    public TimeSpan AssignedAt { get; private set; }

    /// <summary>When it was last given nodes, or gave a value.</summary>
    public TimeSpan LastProgress { get; set; }

    /// <summary>Examples a thread of what it is busy with.</summary>
    public double Load { get; private set; }

    /// <summary>How often its nodes were given to another as well.</summary>
    public int TimesLate { get; set; }

    /// <summary>It is to compute nodes of a work, all of which have examples.</summary>
    public void Give(Work work, List<ShardNode> nodes, TimeSpan now)
    {
        if (IsFree)
        {
            AssignedAt = now;
            Load = 0;
        }

        LastProgress = now;
        int examples = 0;
        foreach (ShardNode node in nodes)
        {
            Outstanding.Add(node);
            examples += work.ExamplesOf(node);
        }

        Load += (double)examples / Threads;
    }
}
