using Backprop.Protos;

namespace Backprop.Worker;

/// <summary>Where the values of the nodes come from that a worker is given: from its own computing, or from workers of its own.</summary>
internal interface INodeSource : IDisposable
{
    /// <summary>Makes ready for the first assignment, and returns when that may come.</summary>
    /// <param name="ended">Set when the connection ends.</param>
    void Prepare(CancellationToken ended);

    /// <summary>Sees to it that the values of an assignment's nodes go out, and returns when they have.</summary>
    /// <param name="ended">Set when the connection ends.</param>
    void Compute(Assignment assignment, CancellationToken ended);

    /// <summary>The worker's part in the run is over, and no assignment is being computed.</summary>
    /// <param name="how">Null when the connection broke, or the worker leaves.</param>
    Task EndAsync(RunEnded? how) => Task.CompletedTask;
}
