using Backprop.Core.Data;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Transport;

/// <summary>What the gRPC services need to know of the run that they serve.</summary>
/// <param name="LocalNames">Names of the workers that this coordinator starts itself.</param>
/// <param name="Fingerprint">The arithmetic that a worker must have; null when any is admitted.</param>
/// <param name="IsTraced">Workers are to tell what they do when.</param>
internal sealed record RunSession(
    string RunId, RunConfiguration Configuration, TrainingPlan Plan, Dataset Dataset, long DatasetLength,
    string? Fingerprint, IReadOnlySet<string> LocalNames, WorkerRegistry Workers, GradientPool Gradients, SharedWeights Weights,
    EventQueue Events, TimeProvider Time, bool IsTraced)
{
    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(1);

    /// <summary>How often the scheduler is told the time.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Silence after which a side takes the other for gone.</summary>
    public static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(8);
}
