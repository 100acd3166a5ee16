using Backprop.Scale.Simulation;

namespace Backprop.Scale.Reports;

/// <summary>Throughput against workers, for one network, link and topology.</summary>
/// <param name="Points">Workers, ascending from 1, and examples a second.</param>
internal sealed record Curve(Contest Contest, Link Link, string Topology, IReadOnlyList<(int Workers, double Rate)> Points)
{
    private static readonly int[] counts =
        [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1000, 1024];

    /// <summary>Where most examples a second are trained.</summary>
    public (int Workers, double Rate) Best => Points.MaxBy(point => point.Rate);

    /// <summary>The most workers of which each still does half of what a single one does.</summary>
    public int HalfEfficient => Points.Last(point => point.Rate / point.Workers >= Points[0].Rate / 2).Workers;

    public double RateAt(int workers) => Points.First(point => point.Workers == workers).Rate;

    /// <summary>Both topologies.</summary>
    public static (Curve Star, Curve Tree) Of(Contest contest, Link link, WorkerPace pace, Costs costs, int fanOut)
    {
        Curve Draw(Func<int, Topology> topology) => new(contest, link, topology(1).Name, [.. counts.Where(count => count <= contest.MiniBatch).Select(count =>
            (count, contest.MiniBatch / SimulatedStep.Run(new Cluster(contest.Shape, contest.MiniBatch, topology(count), link, pace, costs)).Seconds))]);
        return (Draw(Simulation.Topology.Star), Draw(count => Simulation.Topology.RelayTree(count, fanOut)));
    }
}
