namespace Backprop.Cluster.Tests.Network;

/// <summary>How a link carries bytes while it is whole.</summary>
/// <param name="Latency">Added on each way.</param>
/// <param name="BytesPerSecond">At most so many on each way.</param>
internal sealed record LinkPace(TimeSpan Latency, double BytesPerSecond)
{
    public static readonly LinkPace Free = new(TimeSpan.Zero, double.PositiveInfinity);
}
