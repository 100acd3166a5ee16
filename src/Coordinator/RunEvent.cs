using Backprop.Coordinator.Scheduling;
using Backprop.Coordinator.Transport;
using Backprop.Core.Model;

namespace Backprop.Coordinator;

/// <summary>An event on its way to the training run, with what only the run itself needs to see.</summary>
/// <param name="Event">What the scheduler is told.</param>
/// <param name="Worker">The connection that it came from, where there is one.</param>
/// <param name="Sum">The gradient of a training node's value, from the run's pool.</param>
/// <param name="Totals">The totals of a node's value.</param>
/// <param name="Computed">How long the worker says that it was at its assignment; zero where it does not.</param>
internal readonly record struct RunEvent(
    SchedulerEvent Event, WorkerConnection? Worker = null, GradientSum? Sum = null, NodeTotals Totals = default, TimeSpan Computed = default);
