using Backprop.Core.Sharding;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>
/// A worker's process: it joins, computes its nodes one after the other, says that it lives, and joins again when it
/// finds its connection closed. What it would have done while it was frozen it does when it wakes.
/// </summary>
/// <param name="pace">The most seconds that a node takes it.</param>
/// <param name="isLiar">Whether some of its values are wrong, or no numbers at all.</param>
/// <param name="open">Null where nobody answers.</param>
internal sealed class Peer(string name, double pace, bool isLiar, Agenda agenda, Chance chance, Func<Peer, Connection?> open)
{
    /// <summary>Seconds between two signs of life.</summary>
    private const double Heartbeat = 1;

    private readonly int threads = chance.Between(1, 3);
    private readonly Queue<Action> held = [];
    private Connection? connection;
    private double busyUntil;
    private double slowness = 1;
    private bool isGone;
    private bool isFrozen;

    public string Name => name;

    public void Join() => Later(chance.Seconds(0, 2), () =>
    {
        connection = open(this);
        if (connection is null)
        {
            Join();
            return;
        }

        connection.SendReady(threads);
        Beat(connection);
    });

    /// <summary>Takes in nodes that came on a connection.</summary>
    public void Receive(Connection from, SchedulerCommand.Assign assign) => Later(chance.Seconds(0, 0.02), () =>
    {
        foreach (ShardNode node in assign.Nodes)
        {
            busyUntil = Math.Max(busyUntil, agenda.Now) + (slowness * chance.Seconds(0, pace));
            Bits bits = Compute();
            Later(busyUntil - agenda.Now, () => from.Send(assign, node, bits));
        }
    });

    /// <summary>Takes so many times as long from now on.</summary>
    public void SlowDown(double times) => slowness = times;

    public void Freeze() => isFrozen = true;

    public void Thaw()
    {
        isFrozen = false;
        slowness = 1;
        while (held.TryDequeue(out Action? action))
            action();
    }

    /// <summary>The link breaks, and both sides notice.</summary>
    public void CutOff() => connection?.Close("its connection broke");

    public void Die()
    {
        Vanish();
        CutOff();
    }

    /// <summary>Dies with its machine: nothing tells the coordinator but the silence.</summary>
    public void Vanish()
    {
        isGone = true;
        held.Clear();
    }

    private Bits Compute()
    {
        if (!isLiar || !chance.OneIn(8))
            return Bits.Right;
        return chance.OneIn(3) ? new Bits((ulong)chance.Between(1, 1000), IsFinite: false) : new Bits((ulong)chance.Between(1, 1000));
    }

    private void Beat(Connection current) => Later(Heartbeat, () =>
    {
        if (current.IsClosed)
        {
            Join();
            return;
        }

        current.SendHeartbeat();
        Beat(current);
    });

    private void Later(double seconds, Action action) => agenda.After(seconds, () =>
    {
        if (isGone)
            return;
        if (isFrozen)
            held.Enqueue(action);
        else
            action();
    });
}
