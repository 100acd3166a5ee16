using Backprop.Scheduling;
using Backprop.Serving;

namespace Backprop.Coordinator;

/// <summary>
/// Looks for numbers that are not finite in values that stand in shared memory, before the scheduler hears of them. A value that completes a step, and is half
/// of its tree or all of it, is looked at in the mini-batch's sum, as the weights are updated by it: that saves a way through memory for which all workers would wait.
/// </summary>
internal sealed class ValueLook(Scheduler scheduler, NodeValues values, WeightsUpdate update)
{
    /// <returns>The event, which says now whether the value is finite.</returns>
    public RunEvent LookAt(RunEvent happened) =>
        happened is { Event: SchedulerEvent.NodeValueReceived received, Sum: SlotSum sum }
            ? happened with { Event = received with { IsFinite = IsAddedAhead(received, sum) || sum.IsFinite() } }
            : happened;

    /// <summary>A number that is not finite makes the sum's so, whatever it is added to.</summary>
    private bool IsAddedAhead(SchedulerEvent.NodeValueReceived received, SlotSum sum)
    {
        Work work = scheduler.Current;
        return scheduler.CompletesStep(received)
            && values.RootWith(received.Node, sum, work.Shards) is { } root
            && update.TryAhead(work, root);
    }
}
