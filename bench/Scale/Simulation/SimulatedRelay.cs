using Backprop.Core.Sharding;

namespace Backprop.Scale.Simulation;

/// <summary>
/// A relay within a step: passes the weights down message by message, adds what comes from below along the tree when all that a
/// node needs has come, and hands the sum up. One that passes on as it comes does that message by message too.
/// </summary>
internal sealed class SimulatedRelay : IWeightsTaker, IValuesTaker
{
    private readonly FrameCut cut;
    private readonly bool passesOnAsItComes;
    private readonly double addSecondsPerNumber;
    private readonly Connection adding;
    private readonly ValuesUp up;
    private readonly List<NodeSum> sums;

    public SimulatedRelay(Agenda agenda, Cluster cluster, FrameCut cut, Place place, ValuesUp up)
    {
        this.cut = cut;
        this.up = up;
        passesOnAsItComes = cluster.Topology.PassesOnAsItComes;
        addSecondsPerNumber = cluster.Costs.AddSecondsPerNumber;
        adding = new Connection(agenda, delay: 0, new FairShare(agenda, 1, 1));
        Down = new WeightsOut(agenda, cut, cluster);
        sums = [.. cluster.NodesOf(place).Select(node => new NodeSum(node))];
    }

    /// <summary>To its own worker and those that have joined it.</summary>
    public WeightsOut Down { get; }

    /// <summary>Has values of these nodes come from somebody below.</summary>
    public void Expect(IEnumerable<ShardNode> nodes)
    {
        foreach (ShardNode node in nodes)
            SumWith(node).Parts.Add(node, 0);
    }

    public void TakeWeights(int frame) => Down.Give(frame);

    public void TakeValue(ShardNode node, int frame)
    {
        NodeSum sum = SumWith(node);
        sum.Parts[node] = cut.Ends[frame];
        long there = sum.Parts.Values.Min();
        if (!passesOnAsItComes && there < cut.Numbers)
            return;
        int first = sum.HandedUp;
        double numbers = 0;
        for (; sum.HandedUp < cut.Ends.Count && cut.Ends[sum.HandedUp] <= there; sum.HandedUp++)
            numbers += cut.BytesOf(sum.HandedUp) / sizeof(float);
        int end = sum.HandedUp;
        if (end == first)
            return;
        adding.Send((sum.Parts.Count - 1) * numbers * addSecondsPerNumber, () =>
        {
            for (int whole = first; whole < end; whole++)
                up.Send(sum.Node, whole);
        });
    }

    private NodeSum SumWith(ShardNode part) => sums.First(sum => sum.Node.First <= part.First && part.End <= sum.Node.End);

    private sealed class NodeSum(ShardNode node)
    {
        public ShardNode Node => node;

        /// <summary>Numbers of the model that have come of each node that it is added from.</summary>
        public Dictionary<ShardNode, long> Parts { get; } = [];

        /// <summary>Messages that are on their way up.</summary>
        public int HandedUp { get; set; }
    }
}
