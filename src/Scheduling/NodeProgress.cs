using Backprop.Core.Sharding;

namespace Backprop.Scheduling;

/// <summary>Where each node of the current work stands, beside those that workers have and have not answered.</summary>
internal sealed class NodeProgress
{
    private readonly Dictionary<ShardNode, string?> kept = [];
    private readonly HashSet<ShardNode> unassigned = [];
    private readonly HashSet<ShardNode> drawn = [];
    private readonly HashSet<ShardNode> audited = [];
    private readonly HashSet<ShardNode> inDoubt = [];

    /// <summary>Nodes that nobody computes and nobody has answered.</summary>
    public bool AnyUnassigned => unassigned.Count > 0;

    /// <summary>Whether every value that is kept may be added.</summary>
    public bool IsSettled => unassigned.Count == 0 && inDoubt.Count == 0;

    /// <summary>The training runs away in this work: numbers that are not finite are right here.</summary>
    public bool Diverges { get; set; }

    /// <summary>A node whose value is to come from a second one, and to be compared, before it is added.</summary>
    public bool IsAudited(ShardNode node) => audited.Contains(node);

    public bool IsKept(ShardNode node) => kept.ContainsKey(node);

    public void Begin(IEnumerable<ShardNode> toAudit)
    {
        kept.Clear();
        drawn.Clear();
        audited.Clear();
        Diverges = false;
        drawn.UnionWith(toAudit);
        audited.UnionWith(drawn);
    }

    /// <returns>Whether this is the node's first value.</returns>
    public bool Keep(ShardNode node, string worker) => kept.TryAdd(node, worker);

    /// <summary>The coordinator's own value now stands for the node.</summary>
    public void KeepOwn(ShardNode node) => kept[node] = null;

    /// <summary>The node's value may not be added before <see cref="Settle"/>.</summary>
    public void Doubt(ShardNode node) => inDoubt.Add(node);

    public void Settle(ShardNode node) => inDoubt.Remove(node);

    /// <summary>
    /// What is handed on of a node that was drawn is audited too, even if that node's audit had ended: a value that was
    /// confirmed is not believed any more once its worker is quarantined, and the next one's is as yet confirmed by nobody.
    /// </summary>
    public void InheritAudit(ShardNode part)
    {
        if (drawn.Any(node => node.First <= part.First && part.End <= node.End))
            audited.Add(part);
    }

    public void EndAudit(ShardNode node) => audited.Remove(node);

    public void Abandon(ShardNode node) => unassigned.Add(node);

    public ShardNode[] TakeUnassigned()
    {
        ShardNode[] nodes = [.. unassigned];
        unassigned.Clear();
        return nodes;
    }

    /// <summary>Takes back what the values of a worker of this name stand for, by whatever connection they came.</summary>
    /// <returns>The nodes.</returns>
    public ShardNode[] TakeBack(string worker)
    {
        ShardNode[] nodes = [.. kept.Where(value => value.Value == worker).Select(value => value.Key)];
        foreach (ShardNode node in nodes)
            kept.Remove(node);
        return nodes;
    }
}
