namespace Backprop.Cluster.Tests.Network;

/// <summary>How a <see cref="FaultyLink"/> fails.</summary>
public enum LinkFault
{
    /// <summary>Both sides get a reset.</summary>
    Reset,

    /// <summary>Every byte of either direction is lost; nobody is told, and the connections stay open.</summary>
    HalfOpen,

    /// <summary>What the coordinator sends is lost; what the worker sends arrives.</summary>
    AnswersLost,
}

/// <summary>Which way bytes go.</summary>
public enum Way
{
    ToCoordinator,
    ToWorker,
}
