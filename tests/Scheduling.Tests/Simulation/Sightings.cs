namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>Notes what came up in a history.</summary>
internal sealed class Sightings
{
    private readonly HashSet<string> names = [];
    private readonly HashSet<WorkerId> evicted = [];
    private readonly HashSet<WorkerId> gone = [];

    public HashSet<Happening> Seen { get; } = [];

    /// <param name="matters">What <see cref="Promises.Take"/> said of the event.</param>
    public void Note(SchedulerEvent happened, bool matters, Promises promises)
    {
        switch (happened)
        {
            case SchedulerEvent.WorkerReady ready when !names.Add(ready.Name):
                Seen.Add(Happening.JoinedAgain);
                break;
            case SchedulerEvent.WorkerGone lost:
                gone.Add(lost.Worker);
                if (matters)
                    Seen.Add(evicted.Contains(lost.Worker) ? Happening.NodesOfEvictedHandedOn : Happening.NodesHandedOn);
                break;
            case SchedulerEvent.NodeValueReceived value when !matters:
                Seen.Add(gone.Contains(value.Worker) ? Happening.ValueAfterTheEnd : Happening.ValueTooMany);
                break;
            case SchedulerEvent.WorkerGivenUp:
                Seen.Add(promises.IsForsaken ? Happening.Forsaken : Happening.GivenUp);
                break;
            case SchedulerEvent.StopRequested:
                Seen.Add(promises.IsWorking && !promises.IsWaiting ? Happening.StopDuringAStep : Happening.StopWhileWaiting);
                break;
        }
    }

    public void Note(SchedulerEvent happened, IReadOnlyList<SchedulerCommand> commands)
    {
        foreach (SchedulerCommand command in commands)
        {
            switch (command)
            {
                case SchedulerCommand.Assign when happened is SchedulerEvent.ClockTicked: Seen.Add(Happening.NodesDuplicated); break;
                case SchedulerCommand.CompareValue: Seen.Add(Happening.ValuesCompared); break;
                case SchedulerCommand.Recompute when happened is SchedulerEvent.ValueCompared: Seen.Add(Happening.ValuesDiffered); break;
                case SchedulerCommand.Quarantine: Seen.Add(Happening.Quarantined); break;
                case SchedulerCommand.Evict evict: evicted.Add(evict.Worker); break;
                case SchedulerCommand.WaitForWorkers { Ready: > 0 }: Seen.Add(Happening.TooFewWorkers); break;
                case SchedulerCommand.Finish finish:
                    Seen.Add(finish.End switch
                    {
                        RunEnd.Completed => Happening.Completed,
                        RunEnd.Interrupted => Happening.Interrupted,
                        _ => Happening.Failed,
                    });
                    break;
            }
        }
    }
}
