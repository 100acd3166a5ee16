using Backprop.Core.Sharding;
using Backprop.Scale.Simulation;
using CsCheck;

namespace Backprop.Bench.Tests;

public sealed class TopologyTests
{
    /// <summary>Every relay computes too: as many machines as workers. A link carries the tensors of no more than the fan-out below.</summary>
    [Fact]
    public void RelayTree_AnySize_AMachineAWorkerAndNoMoreBelowThanTheFanOut() =>
        Gen.Select(Gen.Int[1, 1100], Gen.Int[2, 9]).Sample((workers, fanOut) =>
        {
            IReadOnlyList<Place> places = Topology.RelayTree(workers, fanOut).Places;
            Assert.Equal(workers, places.Count(place => !place.IsRelaysOwn));
            Assert.Equal(Enumerable.Range(0, workers), places.Where(place => !place.IsRelay).Select(place => place.FirstWorker).Order());
            Assert.All(places.Where(place => !place.IsRelaysOwn).CountBy(place => place.Parent), below => Assert.InRange(below.Value, 1, fanOut));
            for (int relay = 0; relay < places.Count; relay++)
            {
                Place[] parts = [.. places.Where(place => place.Parent == relay)];
                Assert.Equal(places[relay].IsRelay ? 1 : 0, parts.Count(place => place.IsRelaysOwn));
                Assert.All(parts, (part, i) => Assert.Equal(i == 0 ? places[relay].FirstWorker : parts[i - 1].EndWorker, part.FirstWorker));
            }
        }, iter: 300);

    /// <summary>Four relays for sixteen workers: each its own and three others.</summary>
    [Fact]
    public void RelayTree_SixteenWorkers_ThreeBehindEachOfFourRelays()
    {
        IReadOnlyList<Place> places = Topology.RelayTree(16, fanOut: 4).Places;
        Assert.Equal(
            [(0, 4), (4, 8), (8, 12), (12, 16)],
            places.Where(place => place.Parent == Topology.Coordinator).Select(place => (place.FirstWorker, place.EndWorker)));
        Assert.Equal([(4, 5), (5, 6), (6, 7), (7, 8)], places.Where(place => place.Parent == 5).Select(place => (place.FirstWorker, place.EndWorker)));
    }

    /// <summary>
    /// Behind a relay of 16 workers, fan-out 4, its own is worker 0, and those of nodes [4,8), [8,12), [12,16) join with one value each. What
    /// is left between, [1,4), is two nodes: its relay hands up its own worker's and the sum of the other two.
    /// </summary>
    [Fact]
    public void NodesOf_FirstBelowARelay_WhatIsLeftBesideThatOnesOwnWorker()
    {
        Cluster cluster = Clusters.Of("99-10", 512, Topology.RelayTree(64, fanOut: 4), examplesPerSecond: 1);
        Assert.Equal(64, cluster.Shards);
        Place[] below = [.. cluster.Topology.Places.Where(place => place.Parent == 0)];
        ShardNode[][] nodes = [.. below.Select(place => cluster.NodesOf(place).ToArray())];
        Assert.Equal([new(0, 1)], nodes[0]);
        Assert.Equal([new(1, 1), new(2, 2)], nodes[1]);
        Assert.Equal([new(4, 4)], nodes[2]);
        Assert.Equal([new(8, 4)], nodes[3]);
        Assert.Equal([new(12, 4)], nodes[4]);
        Assert.All(cluster.Topology.Places.Where(place => place.Parent == Topology.Coordinator), place => Assert.Single(cluster.NodesOf(place)));
    }

    /// <summary>With powers of two only the first behind a relay stands for several nodes, however deep the tree.</summary>
    [Fact]
    public void NodesOf_PowersOfTwo_OneNodeButForTheFirstBelowARelay() =>
        Gen.Select(Gen.Int[0, 10], Gen.Int[1, 4]).Sample((workers, fanOut) =>
        {
            Cluster cluster = Clusters.Of("99-10", 4096, Topology.RelayTree(1 << workers, 1 << fanOut), examplesPerSecond: 1);
            IEnumerable<Place> others = cluster.Topology.Places.GroupBy(place => place.Parent)
                .SelectMany(below => below.Where(place => !place.IsRelaysOwn).Skip(below.Key == Topology.Coordinator ? 0 : 1));
            Assert.All(others, place => Assert.Single(cluster.NodesOf(place)));
        }, iter: 100);
}
