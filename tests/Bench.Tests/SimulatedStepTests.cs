using Backprop.Core.Model;
using Backprop.Scale.Simulation;
using CsCheck;

namespace Backprop.Bench.Tests;

public sealed class SimulatedStepTests
{
    private static readonly string[] networks = ["99-10", "784-30-10", "784-128-10", "255-256-255", "300-300-300-10"];

    /// <summary>One layer, one message: weights there, 8 examples at 100 a second, the value back, each way with 10 ms of latency.</summary>
    [Fact]
    public void Seconds_OneWorkerOneLayer_OneAfterTheOther()
    {
        Cluster cluster = Clusters.Star("99-10", 8, workers: 1, examplesPerSecond: 100, latency: 0.01);
        cluster = cluster with { Costs = Clusters.Free with { UpdateSeconds = 0.5 } };
        double link = Clusters.Bytes("99-10") / Clusters.BytesPerSecond;
        Assert.Equal((2 * (link + 0.01)) + 0.08 + 0.5, SimulatedStep.Seconds(cluster), 9);
    }

    /// <summary>
    /// Two layers of a message each (65,536 and 65,535 numbers; at 1 MB/s 0.262 s). Of 1 s the stages take 0.2, 0.2, 0.4, 0.2, as
    /// their products do. The second layer's weights come while the first layer's forward pass runs, and its own begins with
    /// them. The last layer's sums are one number short of a message, so that all sums travel after the first layer's.
    /// </summary>
    [Fact]
    public void Seconds_OneWorkerTwoLayers_ForwardPassWaitsForEachLayersWeights()
    {
        Cluster cluster = Clusters.Star("255-256-255", 100, workers: 1, examplesPerSecond: 100);
        const double first = 65_536 * 4 / Clusters.BytesPerSecond, last = 65_535 * 4 / Clusters.BytesPerSecond;
        double[] stages = cluster.Pace.Stages(100);
        Assert.Equal([0.2, 0.2, 0.4, 0.2], stages.Select(stage => Math.Round(stage, 2)));
        double firstBackward = first + last + stages[1] + stages[2] + stages[3];
        Assert.Equal(firstBackward + first + last, SimulatedStep.Seconds(cluster), 9);
    }

    /// <summary>
    /// The last layer's 65,536 sums are a message, which arrives while the first layer's 65,025 are computed (19.9 of 100 s): those alone
    /// are waited for. The first forward pass begins with the first message of weights and outlasts the second.
    /// </summary>
    [Fact]
    public void Seconds_LastLayerFillsAMessage_TravelsWhileTheFirstIsComputed()
    {
        Cluster cluster = Clusters.Star("254-255-256", 100, workers: 1, examplesPerSecond: 1);
        const double message = 65_536 * 4 / Clusters.BytesPerSecond, firstLayer = 65_025 * 4 / Clusters.BytesPerSecond;
        Assert.Equal(message + 100 + firstLayer, SimulatedStep.Seconds(cluster), 6);
    }

    /// <summary>
    /// Two or four workers share the coordinator's link both ways and compute 4 examples each. The tree's last addition is the update's:
    /// of four values two are added before it.
    /// </summary>
    [Theory]
    [InlineData(2, 0)]
    [InlineData(4, 2)]
    public void Seconds_SeveralWorkersOneLayer_ShareTheLink(int workers, int additions)
    {
        Cluster cluster = Clusters.Star("99-10", 4 * workers, workers, examplesPerSecond: 100);
        cluster = cluster with { Costs = Clusters.Free with { AddSecondsPerNumber = 1e-4 } };
        double link = Clusters.Bytes("99-10") / Clusters.BytesPerSecond;
        Assert.Equal((2 * workers * link) + 0.04 + (additions * 1000 * 1e-4), SimulatedStep.Seconds(cluster), 9);
    }

    /// <summary>A mini-batch of 8 has 2 shards, too few for three workers: there are 4 then, and they get 1, 1 and 2.</summary>
    [Fact]
    public void Shards_MoreWorkersThanTheMiniBatchGives_OneEach()
    {
        Cluster cluster = Clusters.Star("99-10", 8, workers: 3, examplesPerSecond: 100);
        Assert.Equal(4, cluster.Shards);
        Assert.Equal([2, 2, 4], cluster.Topology.Places.Select(cluster.ExamplesOf));
        Assert.Equal([1, 1, 1], cluster.Topology.Places.Select(place => cluster.NodesOf(place).Count));
    }

    /// <summary>Of 16 shards three workers have [0,4) and [4,5); [5,6), [6,8) and [8,10); [10,12) and [12,16).</summary>
    [Fact]
    public void NodesOf_ThreeWorkers_AsManyAsNodesCoverTheirShards()
    {
        Cluster cluster = Clusters.Star("99-10", 64, workers: 3, examplesPerSecond: 100);
        Assert.Equal([2, 3, 2], cluster.Topology.Places.Select(place => cluster.NodesOf(place).Count));
    }

    /// <summary>With nothing to compute a step is n models there and n back, whatever else.</summary>
    [Theory]
    [InlineData(16)]
    [InlineData(256)]
    public void Seconds_SaturatedLink_GrowsWithTheWorkers(int workers)
    {
        Cluster cluster = Clusters.Star("784-128-10", 1024, workers, examplesPerSecond: 1e9);
        double link = Clusters.Bytes("784-128-10") / Clusters.BytesPerSecond;
        Assert.Equal(2 * workers * link, SimulatedStep.Seconds(cluster), tolerance: 0.01 * workers * link);
    }

    /// <summary>After an evaluation, which has brought them: 4 examples are computed, four values share the link.</summary>
    [Fact]
    public void Seconds_HasWeights_ValuesAloneTravel()
    {
        Cluster cluster = Clusters.Star("99-10", 16, workers: 4, examplesPerSecond: 100) with { HasWeights = true };
        Assert.Equal(0.04 + (4 * Clusters.Bytes("99-10") / Clusters.BytesPerSecond), SimulatedStep.Seconds(cluster), 9);
    }

    /// <summary>Two workers on one core take as long as one after the other.</summary>
    [Fact]
    public void Seconds_SharedCore_ComputesForBothInTurn()
    {
        Cluster own = Clusters.Star("99-10", 8, workers: 2, examplesPerSecond: 1);
        double apart = SimulatedStep.Seconds(own);
        Assert.Equal(apart + 4, SimulatedStep.Seconds(own with { SharedCores = 1 }), 6);
    }

    [Fact]
    public void Seconds_MoreBandwidth_IsNeverSlower() =>
        Gen.Select(AnyStep, Gen.Int[1, 40]).Sample((step, workers) =>
        {
            double seconds = step.Seconds(workers);
            return seconds > 0 && (step with { BitsPerSecond = step.BitsPerSecond * 1.5 }).Seconds(workers) <= seconds * RoundedUp
                && step.Seconds(workers) == seconds;
        }, iter: 200);

    /// <summary>
    /// Where a relay stands for one node of the tree. One that passes several up has one way for all of them, and what is finished or arrives sooner may
    /// travel before what is waited for: a step of 31 workers may take 6 % longer.
    /// </summary>
    [Fact]
    public void Seconds_LessLatencyOrFasterWorkers_IsNeverSlower() =>
        Gen.Select(AnyStep, Gen.Int[1, 40], Gen.Int[0, 5]).Sample((step, workers, doublings) =>
        {
            int count = step.IsTree ? 1 << doublings : workers;
            double most = step.Seconds(count) * RoundedUp;
            return (step with { Latency = step.Latency / 2 }).Seconds(count) <= most
                && (step with { ExamplesPerSecond = step.ExamplesPerSecond * 1.5 }).Seconds(count) <= most;
        }, iter: 200);

    private const double RoundedUp = 1 + 1e-9;

    private static Gen<RandomStep> AnyStep =>
        Gen.Select(Gen.Int[0, networks.Length - 1], Gen.Bool, Gen.Bool, PowerOfTen(5, 9), PowerOfTen(-6, -2), PowerOfTen(1, 6))
        .Select((network, isTree, passesOn, bandwidth, latency, rate) => new RandomStep(networks[network], isTree, passesOn, bandwidth, latency, rate));

    /// <summary>Small ones as often as large ones.</summary>
    private static Gen<double> PowerOfTen(double least, double most) => Gen.Double[least, most].Select(power => Math.Pow(10, power));

    private sealed record RandomStep(string Network, bool IsTree, bool PassesOn, double BitsPerSecond, double Latency, double ExamplesPerSecond)
    {
        public double Seconds(int workers)
        {
            NetworkShape shape = NetworkShape.Parse(Network);
            Topology topology = IsTree ? Topology.RelayTree(workers, 4, PassesOn) : Topology.Star(workers);
            return SimulatedStep.Seconds(
                new Cluster(shape, 256, topology, new Link(BitsPerSecond, Latency), WorkerPace.At(shape, ExamplesPerSecond), new Costs()));
        }
    }
}
