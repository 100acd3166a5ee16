namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>
/// One life of a worker as a coordinator hears of it. What is sent comes after a while, in any order, at times twice;
/// its end is told once, a while after it, and what was underway may come even later.
/// </summary>
internal sealed class Connection(WorkerId id, string name, CoordinatorLife coordinator, Agenda agenda, Chance chance)
{
    public WorkerId Id => id;

    public string Name => name;

    public bool IsClosed { get; private set; }

    public void SendReady(int threads) => coordinator.Handle(new SchedulerEvent.WorkerReady(id, name, threads));

    public void SendHeartbeat() => Deliver(() => coordinator.Handle(new SchedulerEvent.WorkerHeard(id, agenda.Time)));

    public void Send(SchedulerCommand.Assign assign, Backprop.Core.Sharding.ShardNode node, Bits bits)
    {
        void Arrive() => coordinator.Handle(
            new SchedulerEvent.NodeValueReceived(id, assign.Work.Kind, assign.Work.Step, node, agenda.Time, bits.IsFinite), bits);
        Deliver(Arrive);
        if (chance.OneIn(12))
            Deliver(Arrive);
    }

    public void Close(string reason)
    {
        if (IsClosed)
            return;
        IsClosed = true;
        agenda.After(chance.Seconds(0, 0.7), () => coordinator.Handle(new SchedulerEvent.WorkerGone(id, reason)));
    }

    private void Deliver(Action arrive)
    {
        // Of what is sent into a closed connection, some was read before it was closed.
        if (!IsClosed || chance.OneIn(2))
            agenda.After(chance.OneIn(10) ? chance.Seconds(0, 2) : chance.Seconds(0, 0.02), arrive);
    }
}
