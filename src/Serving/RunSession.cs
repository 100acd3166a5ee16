using Backprop.Core.Data;
using Backprop.Core.Model;
using Backprop.Protos;

namespace Backprop.Serving;

/// <summary>What the gRPC services need to know of the run that they serve.</summary>
/// <param name="Welcome">What every worker is told of the run.</param>
/// <param name="Fingerprint">The arithmetic that a worker must have; null when any is admitted.</param>
/// <param name="LocalNames">Names of the workers that this process starts itself.</param>
internal sealed record RunSession(
    Welcome Welcome, NetworkShape Shape, Dataset Dataset, string? Fingerprint, IReadOnlySet<string> LocalNames, WorkerRegistry Workers,
    GradientPool Gradients, SharedWeights Weights, EventQueue Events, TimeProvider Time)
{
    /// <summary>How long the thread that takes values of small steps looks for the next one.</summary>
    private static readonly TimeSpan patience = TimeSpan.FromMicroseconds(100);

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

    /// <summary>Watches all doorbells.</summary>
    public DoorbellWatch Watch { get; } = new(Events, patience, Time);

    /// <summary>
    /// Tells workers and the loop that time passes, until it is disposed of. Signs of life do not wait for the loop, which may wait for a disk
    /// or a terminal.
    /// </summary>
    public ITimer StartTicking() => Time.CreateTimer(
        _ =>
        {
            Workers.Pulse();
            Events.Tick(Time.GetElapsedTime(0));
        },
        null, TimeSpan.Zero, TickInterval);
}
