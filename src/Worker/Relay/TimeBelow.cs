using Backprop.Protos;

namespace Backprop.Worker.Relay;

/// <summary>
/// How long the slowest of a relay's workers, its own among them, was at its part of an assignment, as they say. What else an
/// assignment takes a relay is messages and waiting.
/// </summary>
internal sealed class TimeBelow
{
    private uint longestUs;

    /// <summary>An assignment has come.</summary>
    public void Begin() => longestUs = 0;

    /// <summary>A worker's value is kept; those that are dropped are not waited for.</summary>
    /// <param name="header">Null with an evaluation's value, of which no time is told.</param>
    public void Answered(NodeHeader? header) => longestUs = Math.Max(longestUs, header?.ComputedUs ?? 0);

    /// <summary>Tells it with a value's last part.</summary>
    public void Tell(NodeHeader header) => header.ComputedUs = longestUs;
}
