using Backprop.Scale.Simulation;

namespace Backprop.Bench.Tests;

public sealed class SimulatedRelayTests
{
    private const double Latency = 0.01;

    /// <summary>
    /// Two relays, one worker behind each; one layer, one message of link seconds. Both relays' weights share the coordinator's link, then
    /// each worker's have the relay's; 4 examples are computed, the value goes to the relay, is added to its own worker's, and both
    /// sums share the coordinator's link again. The relay's own worker has long been ready by then.
    /// </summary>
    [Fact]
    public void Seconds_TwoRelaysOneLayer_OneLevelAfterTheOther()
    {
        Cluster cluster = Clusters.Of("99-10", 16, Topology.RelayTree(4, fanOut: 2), examplesPerSecond: 100, Latency);
        cluster = cluster with { Costs = Clusters.Free with { AddSecondsPerNumber = 1e-4, UpdateSeconds = 0.5 } };
        double link = Clusters.Bytes("99-10") / Clusters.BytesPerSecond;
        const double addition = 1000 * 1e-4;
        Assert.Equal(
            (2 * link) + link + 0.04 + link + addition + (2 * link) + (4 * Latency) + 0.5, SimulatedStep.Seconds(cluster), 9);
    }

    /// <summary>A link without a limit takes latency alone.</summary>
    [Fact]
    public void Seconds_OnlyCoordinatorNarrow_RelaysLinksTakeNoTime()
    {
        Cluster cluster = Clusters.Of("99-10", 16, Topology.RelayTree(4, fanOut: 2), examplesPerSecond: 100, Latency);
        double link = Clusters.Bytes("99-10") / Clusters.BytesPerSecond;
        Cluster narrow = cluster with { IsOnlyCoordinatorNarrow = true, Costs = Clusters.Free with { ConnectionBytesPerSecond = 1e12 } };
        Assert.Equal((4 * link) + 0.04 + (4 * Latency), SimulatedStep.Seconds(narrow), 6);
    }

    /// <summary>
    /// Two messages, hardly any computing; the last layer is one number short of a message, so that sums travel when all are computed.
    /// First and last message go over the coordinator's link twice, and on over the relay's, where the first is hidden; sums come whole
    /// over the relay's before any goes on. One that passes on as it comes lets the second message of the sums too travel behind the first.
    /// </summary>
    [Fact]
    public void Seconds_TwoMessages_SumsWaitForTheWholeUnlessTheyArePassedOn()
    {
        double Seconds(bool passesOn) => SimulatedStep.Seconds(Clusters.Of("255-256-255", 256, Topology.RelayTree(4, fanOut: 2, passesOn), examplesPerSecond: 1e12));
        const double first = 65_536 * 4 / Clusters.BytesPerSecond, last = 65_535 * 4 / Clusters.BytesPerSecond;
        Assert.Equal((2 * (first + last)) + last + (3 * (first + last)), Seconds(passesOn: false), 6);
        Assert.Equal((2 * (first + last)) + last + first + (2 * (first + last)), Seconds(passesOn: true), 6);
    }

    /// <summary>
    /// Tensors go once over every link on their way, fan-out times over a machine's: a step on a saturated link is bound by the levels of the
    /// tree, however many workers there are; a star's by the workers.
    /// </summary>
    [Fact]
    public void Seconds_SaturatedLink_StaysWhereTheStarGrows()
    {
        double Seconds(Topology topology) => SimulatedStep.Seconds(Clusters.Of("784-512-256-10", 4096, topology, examplesPerSecond: 1e9));
        double link = Clusters.Bytes("784-512-256-10") / Clusters.BytesPerSecond;
        Assert.Equal(Seconds(Topology.Star(4)), Seconds(Topology.RelayTree(4, fanOut: 4)), 9);

        // 16: four relays at the coordinator, three workers behind each; 64: one level more, of four, whose first relay sends two values. Weights
        // take as long as the coordinator's link and one message of eight more a level; sums are whole at each.
        Assert.InRange(Seconds(Topology.RelayTree(16, fanOut: 4)), (4 + 3 + 4) * link, (4 + 3 + 4 + 0.5) * link);
        Assert.InRange(Seconds(Topology.RelayTree(64, fanOut: 4)), (4 + 3 + 4 + 4) * 0.95 * link, (4 + 3 + 4 + 4 + 2 + 1) * link);
        Assert.InRange(Seconds(Topology.Star(256)), 2 * 255 * link, 2 * 257 * link);
    }
}
