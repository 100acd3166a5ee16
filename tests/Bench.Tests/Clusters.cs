using Backprop.Core.Model;
using Backprop.Scale.Simulation;

namespace Backprop.Bench.Tests;

/// <summary>Clusters whose steps can be calculated by hand.</summary>
internal static class Clusters
{
    /// <summary>Links of this many bytes a second, all of them payload.</summary>
    public const double BytesPerSecond = 1e6;

    /// <summary>Nothing but what a test asks for.</summary>
    public static readonly Costs Free = new()
    {
        MessageSeconds = 0, AssignmentSeconds = 0, ConnectionBytesPerSecond = double.PositiveInfinity, CarryingThreads = 1,
    };

    public static Cluster Star(string layers, int miniBatch, int workers, double examplesPerSecond, double latency = 0) =>
        Of(layers, miniBatch, Topology.Star(workers), examplesPerSecond, latency);

    public static Cluster Of(string layers, int miniBatch, Topology topology, double examplesPerSecond, double latency = 0)
    {
        NetworkShape shape = NetworkShape.Parse(layers);
        return new Cluster(
            shape, miniBatch, topology, new Link(8 * BytesPerSecond, latency, PayloadShare: 1),
            WorkerPace.At(shape, examplesPerSecond), Free);
    }

    public static double Bytes(string layers) => 4.0 * NetworkShape.Parse(layers).ParameterCount;
}
