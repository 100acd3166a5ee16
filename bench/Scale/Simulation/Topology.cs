namespace Backprop.Scale.Simulation;

/// <summary>A worker, or a relay that stands for a range of them.</summary>
/// <param name="Parent">Another one's place in the list, or <see cref="Topology.Coordinator"/>.</param>
/// <param name="FirstWorker">Workers are numbered as their shards follow each other.</param>
/// <param name="EndWorker">After the last one.</param>
/// <param name="IsRelay">It passes weights down and adds the values from below; a relay computes nothing itself.</param>
internal sealed record Place(int Parent, int FirstWorker, int EndWorker, bool IsRelay);

/// <summary>Who exchanges tensors with whom.</summary>
internal sealed class Topology
{
    /// <summary>The coordinator, among parents.</summary>
    public const int Coordinator = -1;

    private readonly List<Place> places = [];

    private Topology(string name, int workers)
    {
        Name = name;
        WorkerCount = workers;
    }

    public string Name { get; }

    public int WorkerCount { get; }

    /// <summary>A parent comes before those below it.</summary>
    public IReadOnlyList<Place> Places => places;

    /// <summary>Every worker at the coordinator, as the program has it.</summary>
    public static Topology Star(int workers)
    {
        var star = new Topology("star", workers);
        for (int worker = 0; worker < workers; worker++)
            star.places.Add(new Place(Coordinator, worker, worker + 1, IsRelay: false));
        return star;
    }

    /// <summary>
    /// Nobody, the coordinator included, exchanges tensors with more than so many below. With powers of two a relay stands for
    /// one node of the reduction tree.
    /// </summary>
    public static Topology RelayTree(int workers, int fanOut)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fanOut, 2);
        var tree = new Topology("relay tree", workers);
        tree.Divide(Coordinator, 0, workers, fanOut);
        return tree;
    }

    private void Divide(int parent, int first, int end, int fanOut)
    {
        int parts = Math.Min(fanOut, end - first);
        for (int part = 0; part < parts; part++)
        {
            int begin = first + (int)((long)(end - first) * part / parts);
            int stop = first + (int)((long)(end - first) * (part + 1) / parts);
            bool isRelay = stop - begin > 1;
            places.Add(new Place(parent, begin, stop, isRelay));
            if (isRelay)
                Divide(places.Count - 1, begin, stop, fanOut);
        }
    }
}
