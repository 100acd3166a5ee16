using Backprop.Coordinator.Scheduling;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>
/// One life of a worker as the coordinator hears of it. What is sent comes after a while, in any order, at times twice;
/// its end is told once, a while after it, and what was underway may come even later.
/// </summary>
internal sealed class Connection(WorkerId id, Agenda agenda, Chance chance, Action<SchedulerEvent> tell)
{
    public WorkerId Id => id;

    public bool IsClosed { get; private set; }

    public void SendReady(string name, int threads) => tell(new SchedulerEvent.WorkerReady(id, name, threads));

    public void SendHeartbeat() => Deliver(() => tell(new SchedulerEvent.WorkerHeard(id, agenda.Time)));

    public void Send(SchedulerEvent.NodeValueReceived value)
    {
        Deliver(() => tell(value));
        if (chance.OneIn(12))
            Deliver(() => tell(value));
    }

    public void Close(string reason)
    {
        if (IsClosed)
            return;
        IsClosed = true;
        agenda.After(chance.Seconds(0, 0.7), () => tell(new SchedulerEvent.WorkerGone(id, reason)));
    }

    private void Deliver(Action arrive)
    {
        // Of what is sent into a closed connection, some was read before it was closed.
        if (!IsClosed || chance.OneIn(2))
            agenda.After(chance.OneIn(10) ? chance.Seconds(0, 2) : chance.Seconds(0, 0.02), arrive);
    }
}
