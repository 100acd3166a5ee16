using Backprop.Core.Data;
using Backprop.Core.Model;
using Backprop.Protos;
using Backprop.Scheduling;

namespace Backprop.Serving;

/// <summary>What the gRPC services need to know of the run that they serve.</summary>
/// <param name="Welcome">What every worker is told of the run.</param>
/// <param name="Fingerprint">The arithmetic that a worker must have; null when any is admitted.</param>
/// <param name="LocalNames">Names of the workers that this process starts itself.</param>
internal sealed record RunSession(
    Welcome Welcome, NetworkShape Shape, Dataset Dataset, string? Fingerprint, IReadOnlySet<string> LocalNames, WorkerRegistry Workers,
    GradientPool Gradients, SharedWeights Weights, EventQueue Events, TimeProvider Time)
{
    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(1);

    /// <summary>How often the scheduler is told the time.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Silence after which a side takes the other for gone.</summary>
    public static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(8);

    /// <summary>A session that nobody has joined yet.</summary>
    public static RunSession Open(
        Welcome welcome, NetworkShape shape, Dataset dataset, string? fingerprint, IReadOnlySet<string> localNames, TimeProvider time) => new(
        welcome, shape, dataset, fingerprint, localNames, new WorkerRegistry(), new GradientPool(shape), new SharedWeights(shape),
        new EventQueue(), time);

    public string RunId => Welcome.RunId;

    /// <summary>
    /// Tells workers and the loop that time passes, until it is disposed of. Signs of life do not wait for the loop, which may wait for a disk
    /// or a terminal.
    /// </summary>
    public ITimer StartTicking() => Time.CreateTimer(
        _ =>
        {
            Workers.Pulse();
            Events.Tell(new SchedulerEvent.ClockTicked(Time.GetElapsedTime(0)));
        },
        null, TimeSpan.Zero, TickInterval);
}
