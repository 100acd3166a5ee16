namespace Backprop.Scale.Simulation;

/// <summary>A worker, or a relay that stands for a range of them.</summary>
/// <param name="Parent">A relay's place in the list, or <see cref="Topology.Coordinator"/>.</param>
/// <param name="FirstWorker">Workers are numbered as their shards follow each other.</param>
/// <param name="EndWorker">After the last one.</param>
/// <param name="IsRelaysOwn">The worker in its parent's process: it shares that machine's memory and needs no link.</param>
internal sealed record Place(int Parent, int FirstWorker, int EndWorker, bool IsRelaysOwn = false)
{
    /// <summary>The workers of its range join it, the first of them on its own machine.</summary>
    public bool IsRelay => EndWorker - FirstWorker > 1;
}

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

    /// <summary>Each on a machine of its own.</summary>
    public int WorkerCount { get; }

    /// <summary>A parent comes before those below it.</summary>
    public IReadOnlyList<Place> Places => places;

    /// <summary>
    /// What no relay of the program does: sums go on, as weights do, message by message, as far as all below have sent theirs.
    /// </summary>
    public bool PassesOnAsItComes { get; private init; }

    /// <summary>Every worker at the coordinator.</summary>
    public static Topology Star(int workers)
    {
        var star = new Topology("star", workers);
        for (int worker = 0; worker < workers; worker++)
            star.places.Add(new Place(Coordinator, worker, worker + 1));
        return star;
    }

    /// <summary>
    /// Nobody, the coordinator included, exchanges tensors over its link with more than so many below. Where the workers and the fan-out are
    /// powers of two a relay stands for one node of the reduction tree, but for the first below another relay, from whose range
    /// that one's own worker is taken.
    /// </summary>
    public static Topology RelayTree(int workers, int fanOut, bool passesOnAsItComes = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fanOut, 2);
        var tree = new Topology(passesOnAsItComes ? "passing on as it comes" : "relay tree", workers) { PassesOnAsItComes = passesOnAsItComes };
        tree.Divide(Coordinator, 0, 0, workers, fanOut);
        return tree;
    }

    /// <param name="first">The first worker of the range, where relays above have taken those before it for their own.</param>
    private void Divide(int parent, int begin, int first, int end, int fanOut)
    {
        int parts = Math.Min(fanOut, end - begin);
        for (int part = 0; part < parts; part++)
        {
            int partBegin = begin + (int)((long)(end - begin) * part / parts);
            int partEnd = begin + (int)((long)(end - begin) * (part + 1) / parts);
            int partFirst = Math.Max(partBegin, first);
            if (partFirst >= partEnd)
                continue;
            var place = new Place(parent, partFirst, partEnd);
            places.Add(place);
            if (!place.IsRelay)
                continue;
            int relay = places.Count - 1;
            places.Add(new Place(relay, partFirst, partFirst + 1, IsRelaysOwn: true));
            Divide(relay, partBegin, partFirst + 1, partEnd, fanOut);
        }
    }
}
