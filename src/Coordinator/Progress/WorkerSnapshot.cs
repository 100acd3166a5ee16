namespace Backprop.Coordinator.Progress;

/// <summary>What a worker is doing.</summary>
public enum WorkerActivity
{
    /// <summary>Joined; it makes sure that it holds the data set.</summary>
    ReceivingData,

    /// <summary>Ready, with no node of the current step.</summary>
    Idle,

    /// <summary>Computes nodes of the current step.</summary>
    Computing,

    /// <summary>Gone: it left, died or fell silent.</summary>
    Lost,
}

/// <summary>A worker at one moment, for people to look at.</summary>
/// <param name="Nodes">The shards it computes now, such as "[0,2)"; empty when idle.</param>
/// <param name="Examples">Examples of committed steps that it computed.</param>
/// <param name="NodeTime">Median of its recent times from assignment to answer; null before the first.</param>
public sealed record WorkerSnapshot(
    string Name, WorkerActivity Activity, int Threads, bool IsLocal, string Nodes, long Examples, TimeSpan? NodeTime);
