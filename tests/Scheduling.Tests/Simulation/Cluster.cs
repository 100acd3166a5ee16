using Backprop.Coordinator.Scheduling;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>The workers' side of a history: the processes that live, and every connection that there was.</summary>
internal sealed class Cluster(double pace, Agenda agenda, Chance chance, Action<SchedulerEvent> tell)
{
    private readonly List<Peer> living = [];
    private readonly Dictionary<WorkerId, (Peer Peer, Connection Connection)> lives = [];
    private int started;

    public IReadOnlyList<Peer> Living => living;

    public void Start()
    {
        var peer = new Peer($"w{++started}", pace, agenda, chance, Open);
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

    /// <summary>As the shell does it: the connection ends, and the scheduler learns of that by and by.</summary>
    public void Evict(SchedulerCommand.Evict evict) => lives[evict.Worker].Connection.Close(evict.Reason);

    private Connection Open(Peer peer)
    {
        var connection = new Connection(new WorkerId(lives.Count + 1), agenda, chance, tell);
        lives[connection.Id] = (peer, connection);
        return connection;
    }
}
