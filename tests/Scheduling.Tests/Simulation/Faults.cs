namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>What befalls a cluster until a time of its own; then all is well, or everybody leaves for good.</summary>
internal sealed class Faults(Cluster cluster, Agenda agenda, Chance chance)
{
    private const int PeersAtMost = 6;
    private const double LongestFreeze = 25;

    private readonly double meanGap = chance.Seconds(0.3, 4);
    private readonly double end = agenda.Now + chance.Seconds(0, 60);
    private readonly bool everybodyLeaves = chance.OneIn(6);

    /// <param name="peersAfterwards">As many as the run needs at least.</param>
    public void Begin(int peersAfterwards) => agenda.After(chance.Until(meanGap), () =>
    {
        if (agenda.Now > end)
        {
            Cease(peersAfterwards);
            return;
        }

        Strike();
        Begin(peersAfterwards);
    });

    private void Strike()
    {
        if (cluster.Living.Count == 0 || (cluster.Living.Count < PeersAtMost && chance.OneIn(3)))
        {
            cluster.Start();
            return;
        }

        Peer victim = chance.Of(cluster.Living);
        switch (chance.Between(0, 5))
        {
            case 0:
                victim.Die();
                cluster.Remove(victim);
                break;
            case 1:
                victim.Vanish();
                cluster.Remove(victim);
                break;
            case 2:
                victim.CutOff();
                break;
            case 3:
                victim.SlowDown(chance.Seconds(2, 20));
                break;
            default:
                victim.Freeze();
                agenda.After(chance.Seconds(0, LongestFreeze), victim.Thaw);
                break;
        }
    }

    private void Cease(int peersAfterwards)
    {
        foreach (Peer peer in cluster.Living.ToList())
        {
            peer.Thaw();
            if (!everybodyLeaves)
                continue;
            if (chance.OneIn(2))
                peer.Die();
            else
                peer.Vanish();
            cluster.Remove(peer);
        }

        while (!everybodyLeaves && cluster.Living.Count < peersAfterwards)
            cluster.Start();
    }
}
