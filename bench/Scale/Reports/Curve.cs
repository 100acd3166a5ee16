using Backprop.Scale.Simulation;

namespace Backprop.Scale.Reports;

/// <summary>Throughput against workers, for one network, link and topology.</summary>
/// <param name="Points">Workers, ascending from 1, and examples a second.</param>
internal sealed record Curve(Contest Contest, Link Link, string Name, IReadOnlyList<(int Workers, double Rate)> Points)
{
    private static readonly int[] counts =
        [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1000, 1024];

    /// <summary>Where most examples a second are trained.</summary>
    public (int Workers, double Rate) Best => Points.MaxBy(point => point.Rate);

    /// <summary>The most workers of which each still does half of what a single one does.</summary>
    public int HalfEfficient => Points.Last(point => point.Rate / point.Workers >= Points[0].Rate / 2).Workers;

    public double RateAt(int workers) => Points.First(point => point.Workers == workers).Rate;

    public static Curve Of(Contest contest, Link link, WorkerPace pace, Costs costs, Func<int, Topology> topology) => new(
        contest, link, topology(1).Name,
        [.. counts.Where(count => count <= contest.MiniBatch).Select(count => (
            count, contest.MiniBatch / SimulatedStep.Seconds(new Cluster(contest.Shape, contest.MiniBatch, topology(count), link, pace, costs))))]);
}

/// <summary>The topologies side by side.</summary>
/// <param name="Tree">Of relays as the program has them.</param>
/// <param name="PassingOn">The same tree of relays that pass weights and sums on as they come.</param>
internal sealed record Curves(Curve Star, Curve Tree, Curve PassingOn)
{
    public Contest Contest => Star.Contest;

    public Link Link => Star.Link;

    public static Curves Of(Contest contest, Link link, WorkerPace pace, Costs costs, int fanOut)
    {
        Curve Draw(Func<int, Topology> topology) => Curve.Of(contest, link, pace, costs, topology);
        return new Curves(
            Draw(Topology.Star),
            Draw(count => Topology.RelayTree(count, fanOut)),
            Draw(count => Topology.RelayTree(count, fanOut, passesOnAsItComes: true)));
    }
}
