using Backprop.Scheduling;
using Backprop.Core.Model;
using Backprop.Protos;

namespace Backprop.Serving;

/// <summary>An event on its way to the training run, with what only the run itself needs to see.</summary>
/// <param name="Event">What the scheduler is told.</param>
/// <param name="Worker">The connection that it came from, where there is one.</param>
/// <param name="Sum">The gradient of a training node's value, from the run's pool.</param>
/// <param name="Totals">The totals of a node's value.</param>
/// <param name="Header">What the worker says of a training node's value, its time too.</param>
internal readonly record struct RunEvent(
    SchedulerEvent Event, WorkerConnection? Worker = null, GradientSum? Sum = null, NodeTotals Totals = default, NodeHeader? Header = null);
