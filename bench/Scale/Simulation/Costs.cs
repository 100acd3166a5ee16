namespace Backprop.Scale.Simulation;

/// <summary>What a step costs beside computing and links, in seconds and bytes a second.</summary>
internal sealed record Costs
{
    /// <summary>From the end of a message on the link to its use: threads that wake up.</summary>
    public double MessageSeconds { get; init; } = 80e-6;

    /// <summary>Bytes that one connection's thread carries through gRPC a second, at most.</summary>
    public double ConnectionBytesPerSecond { get; init; } = 0.65e9;

    /// <summary>Threads that carry bytes at once on the coordinator's machine, or on a relay's.</summary>
    public int CarryingThreads { get; init; } = 8;

    /// <summary>The coordinator's way from one worker's assignment to the next one's.</summary>
    public double AssignmentSeconds { get; init; } = 20e-6;

    /// <summary>Adding one number of a value to another value's.</summary>
    public double AddSecondsPerNumber { get; init; }

    /// <summary>
    /// The tree's last addition, the look at its sum and the update by it, for the layers that are updated before the first weights are sent. Those
    /// after it are taken to be updated while that one travels, which holds where they are not much larger and the link is not much faster than memory.
    /// </summary>
    public double UpdateSeconds { get; init; }
}
