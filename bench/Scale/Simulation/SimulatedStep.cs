namespace Backprop.Scale.Simulation;

/// <summary>How long a step takes.</summary>
/// <param name="Seconds">From the first assignment to the new weights.</param>
/// <param name="WeightsSeconds">Until the last worker had all weights.</param>
/// <param name="ValuesSeconds">Until the last value had come.</param>
internal sealed record StepTime(double Seconds, double WeightsSeconds, double ValuesSeconds);

/// <summary>
/// A step by discrete events. The links of those that exchange tensors with several are shared evenly among the connections;
/// at a connection's other end, which has as wide a link and no more to do, nothing is waited for.
/// </summary>
internal sealed class SimulatedStep
{
    private readonly Agenda agenda = new();
    private readonly Cluster cluster;
    private readonly FrameCut cut;
    private readonly SimulatedWorker[] workers;
    private readonly Dictionary<int, (FairShare Out, FairShare In)> links = [];
    private double lastWeights;
    private double lastValue;
    private int completeCount;

    private SimulatedStep(Cluster cluster)
    {
        this.cluster = cluster;
        cut = new FrameCut(cluster.Shape);
        workers = new SimulatedWorker[cluster.Topology.Places.Count];
        FairShare? processor = cluster.SharedCores is { } cores ? new FairShare(agenda, cores, 1) : null;
        for (int i = 0; i < workers.Length; i++)
            workers[i] = NewWorker(i, processor ?? new FairShare(agenda, 1, 1));
    }

    public static StepTime Run(Cluster cluster)
    {
        var step = new SimulatedStep(cluster);
        int assigned = 0;
        foreach (int worker in step.AtTheCoordinator)
        {
            SimulatedWorker given = step.workers[worker];
            step.agenda.Plan(assigned * cluster.Costs.AssignmentSeconds, given.Give);
            Place place = cluster.Topology.Places[worker];
            assigned += place.EndWorker - place.FirstWorker;
        }

        step.agenda.Run();
        if (step.completeCount != step.AtTheCoordinator.Count())
            throw new InvalidOperationException($"A simulated step of {cluster.Shape} with {step.workers.Length} workers does not end.");

        // The tree is added once all is there; its last addition goes with the update.
        int values = step.AtTheCoordinator.Sum(worker => step.workers[worker].Values);
        double commit = (Math.Max(0, values - 2) * step.cut.Numbers * cluster.Costs.AddSecondsPerNumber) + cluster.Costs.UpdateSeconds;
        return new StepTime(step.lastValue + commit, step.lastWeights, step.lastValue);
    }

    private IEnumerable<int> AtTheCoordinator => Enumerable.Range(0, workers.Length)
        .Where(worker => cluster.Topology.Places[worker].Parent == Topology.Coordinator);

    private SimulatedWorker NewWorker(int number, FairShare processor)
    {
        Place place = cluster.Topology.Places[number];
        int parent = place.Parent;
        (FairShare weightsOut, FairShare valuesIn) = LinksOf(parent);
        double delay = cluster.Link.Latency + cluster.Costs.MessageSeconds;
        SimulatedWorker? worker = null;
        worker = new SimulatedWorker(agenda, cluster, cut, place, processor)
        {
            Down = new Connection(agenda, weightsOut, delay),
            Up = new Connection(agenda, valuesIn, delay),
            Arrived = parent == Topology.Coordinator ? () => Received(worker!) : workers[parent].PassUp,
            WeightsCame = () => lastWeights = agenda.Now,
        };
        if (parent != Topology.Coordinator)
            workers[parent].Add(worker);
        return worker;
    }

    private (FairShare Out, FairShare In) LinksOf(int machine)
    {
        if (!links.TryGetValue(machine, out (FairShare Out, FairShare In) found))
            found = links[machine] = (NewShare(), NewShare());
        return found;
    }

    private FairShare NewShare() => new(
        agenda, Math.Min(cluster.Link.BytesPerSecond, cluster.Costs.CarryingThreads * cluster.Costs.ConnectionBytesPerSecond),
        cluster.Costs.ConnectionBytesPerSecond);

    private void Received(SimulatedWorker worker)
    {
        if (worker.Passed < cut.Numbers)
            return;
        completeCount++;
        lastValue = agenda.Now;
    }
}
