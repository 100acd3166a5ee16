using Backprop.Core.Sharding;

namespace Backprop.Scale.Simulation;

/// <summary>A step by discrete events. Each direction of a machine's link is shared evenly among the connections that use it.</summary>
internal sealed class SimulatedStep : IValuesTaker
{
    private readonly Agenda agenda = new();
    private readonly Cluster cluster;
    private readonly FrameCut cut;
    private readonly WeightsOut weightsOut;
    private readonly FairShare? sharedProcessor;
    private readonly Dictionary<int, (FairShare Out, FairShare In)> links = [];
    private readonly Dictionary<int, SimulatedRelay> relays = [];
    private double lastValue;
    private int expectedCount;
    private int completeCount;

    private SimulatedStep(Cluster cluster)
    {
        this.cluster = cluster;
        cut = new FrameCut(cluster.Shape);
        weightsOut = new WeightsOut(agenda, cut, cluster);
        sharedProcessor = cluster.SharedCores is { } cores ? new FairShare(agenda, cores, 1) : null;
        for (int i = 0; i < cluster.Topology.Places.Count; i++)
            Add(i);
    }

    /// <summary>From the first assignment to the new weights.</summary>
    public static double Seconds(Cluster cluster)
    {
        var step = new SimulatedStep(cluster);
        step.weightsOut.GiveAll();
        step.agenda.Run();
        if (step.completeCount != step.expectedCount)
            throw new InvalidOperationException($"A simulated step of {cluster.Shape} with {cluster.Topology.WorkerCount} workers does not end.");

        // The tree is added once all is there; its last addition goes with the update.
        double commit = (Math.Max(0, step.expectedCount - 2) * step.cut.Numbers * cluster.Costs.AddSecondsPerNumber) + cluster.Costs.UpdateSeconds;
        return step.lastValue + commit;
    }

    void IValuesTaker.TakeValue(ShardNode node, int frame)
    {
        if (frame < cut.Ends.Count - 1)
            return;
        completeCount++;
        lastValue = agenda.Now;
    }

    private void Add(int number)
    {
        Place place = cluster.Topology.Places[number];
        SimulatedRelay? relay = relays.GetValueOrDefault(place.Parent);
        IReadOnlyList<ShardNode> nodes = cluster.NodesOf(place);
        if (relay is null)
            expectedCount += nodes.Count;
        else
            relay.Expect(nodes);
        (Connection down, Connection upwards) = WaysOf(place, number);
        var up = new ValuesUp(upwards, (IValuesTaker?)relay ?? this, cut);
        IWeightsTaker taker = place.IsRelay
            ? relays[number] = new SimulatedRelay(agenda, cluster, cut, place, up)
            : new SimulatedWorker(cluster, cut, place, sharedProcessor ?? new FairShare(agenda, 1, 1), up);
        (relay?.Down ?? weightsOut).Add(down, taker, isWhole: place.IsRelaysOwn);
    }

    private (Connection Down, Connection Up) WaysOf(Place place, int number)
    {
        if (place.IsRelaysOwn)
            return (new Connection(agenda, delay: 0), new Connection(agenda, delay: 0));
        double delay = cluster.Link.Latency + cluster.Costs.MessageSeconds;
        (FairShare Out, FairShare In) above = LinkOf(place.Parent);
        (FairShare Out, FairShare In) here = LinkOf(number);
        return (new Connection(agenda, delay, above.Out, here.In), new Connection(agenda, delay, here.Out, above.In));
    }

    private (FairShare Out, FairShare In) LinkOf(int machine)
    {
        if (!links.TryGetValue(machine, out (FairShare Out, FairShare In) found))
            found = links[machine] = (NewShare(machine), NewShare(machine));
        return found;
    }

    private FairShare NewShare(int machine)
    {
        double carrying = cluster.Costs.CarryingThreads * cluster.Costs.ConnectionBytesPerSecond;
        bool isNarrow = machine == Topology.Coordinator || !cluster.IsOnlyCoordinatorNarrow;
        return new FairShare(
            agenda, isNarrow ? Math.Min(cluster.Link.BytesPerSecond, carrying) : carrying, cluster.Costs.ConnectionBytesPerSecond);
    }
}
