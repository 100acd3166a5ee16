namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>The workers' side of a history: the processes that live, and every connection that there was.</summary>
internal sealed class Cluster(double pace, Agenda agenda, Chance chance)
{
    private readonly List<Peer> living = [];
    private readonly Dictionary<WorkerId, (Peer Peer, Connection Connection)> lives = [];
    private readonly HashSet<string> quarantined = [];
    private readonly int liar = chance.OneIn(3) ? chance.Between(1, 4) : 0;
    private int started;

    public IReadOnlyList<Peer> Living => living;

    /// <summary>Where workers join; null while no coordinator runs.</summary>
    public CoordinatorLife? Coordinator { get; set; }

    /// <summary>Whether one of the workers may give wrong values.</summary>
    public bool HasLiar => liar != 0;

    public void Start()
    {
        var peer = new Peer($"w{++started}", pace, isLiar: started == liar, agenda, chance, Open);
        living.Add(peer);
        peer.Join();
    }

    public void Remove(Peer peer) => living.Remove(peer);

    public void Assign(SchedulerCommand.Assign assign)
    {
        (Peer peer, Connection connection) = lives[assign.Worker];
        if (!connection.IsClosed)
            peer.Receive(connection, assign);
    }

    public string NameOf(WorkerId worker) => lives[worker].Connection.Name;

    public bool IsQuarantined(WorkerId worker) => quarantined.Contains(NameOf(worker));

    /// <summary>As the shell does it: the connection ends, and the scheduler learns of that by and by.</summary>
    public void Evict(SchedulerCommand.Evict evict) => lives[evict.Worker].Connection.Close(evict.Reason);

    /// <summary>It is sent away and finds no way in again.</summary>
    public void Quarantine(SchedulerCommand.Quarantine quarantine)
    {
        HistoryException.Require(quarantine.Name == $"w{liar}", $"{quarantine.Name} is quarantined, and it is honest");
        quarantined.Add(quarantine.Name);
        foreach ((_, Connection connection) in lives.Values.Where(life => life.Connection.Name == quarantine.Name))
            connection.Close(quarantine.Reason);
    }

    /// <summary>The coordinator is gone, and with it every connection.</summary>
    public void Disconnect()
    {
        Coordinator = null;
        quarantined.Clear();
        foreach ((_, Connection connection) in lives.Values)
            connection.Close("its coordinator died");
    }

    /// <returns>Null where nobody answers, or refuses.</returns>
    private Connection? Open(Peer peer)
    {
        if (Coordinator is null || quarantined.Contains(peer.Name))
            return null;
        var connection = new Connection(new WorkerId(lives.Count + 1), peer.Name, Coordinator, agenda, chance);
        lives[connection.Id] = (peer, connection);
        return connection;
    }
}
