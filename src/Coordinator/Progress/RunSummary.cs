namespace Backprop.Coordinator.Progress;

/// <summary>The verdict of a run, as summary.json holds it (snake_case names).</summary>
public sealed record RunSummary
{
    /// <summary>"completed", "interrupted" or "failed".</summary>
    public required string Status { get; init; }

    /// <summary>Why it failed, or what became of a completed run's weights when none could be saved; null otherwise.</summary>
    public string? Error { get; init; }

    public required DatasetSummary Dataset { get; init; }

    public required string Layers { get; init; }

    public required int Epochs { get; init; }

    /// <summary>Committed steps, those before a resume included.</summary>
    public required long Steps { get; init; }

    /// <summary>Where this sitting went on; null for a run in one.</summary>
    public long? ResumedFromStep { get; init; }

    /// <summary>Each example of each committed step, once.</summary>
    public required long Examples { get; init; }

    public double? TrainingLoss { get; init; }

    public double? TestLoss { get; init; }

    public double? TestAccuracy { get; init; }

    public required string WeightsSha256 { get; init; }

    /// <summary>Of this sitting, as the times and counts below are.</summary>
    public required double ElapsedSeconds { get; init; }

    /// <summary>From the first assignment to the last commit, evaluation and start-up left out.</summary>
    public required double TrainingSeconds { get; init; }

    public required double ExamplesPerSecond { get; init; }

    public required double StepsPerSecond { get; init; }

    public required WorkersSummary Workers { get; init; }

    public required long NodesReassigned { get; init; }

    /// <summary>Nodes whose value was compared with a second one, another worker's or the coordinator's own; null for none.</summary>
    public long? NodesCompared { get; init; }

    public required int Checkpoints { get; init; }
}

public sealed record DatasetSummary(string Name, string Sha256, int TrainingExamples, int TestExamples);

/// <param name="Joined">Workers that became ready, each life counted.</param>
/// <param name="Lost">Workers that died, fell silent or left before the end.</param>
/// <param name="Most">The most that were ready at once.</param>
public sealed record WorkersSummary(int Joined, int Lost, int Most);
