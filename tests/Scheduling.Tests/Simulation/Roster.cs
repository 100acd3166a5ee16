namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>
/// What must hold of the workers: only the living are given nodes, the silent are sent away and no others, and a wait for
/// more of them is told and ends.
/// </summary>
internal sealed class Roster(SchedulerOptions options, TimeSpan start)
{
    private readonly Dictionary<WorkerId, TimeSpan> lastHeard = [];
    private readonly Dictionary<WorkerId, TimeSpan> lastProgress = [];
    private int awaited = options.StartingWorkers;
    private int failed;
    private TimeSpan now = start;
    private TimeSpan? waitingSince;

    public int Ready => lastHeard.Count;

    /// <summary>Workers without which the next work is not begun.</summary>
    public int Required => Started ? options.MinimumWorkers : Math.Max(options.MinimumWorkers, awaited);

    public bool IsWaiting => waitingSince is not null;

    public bool HasWaitedTooLong => now - waitingSince > options.WorkerTimeout;

    /// <summary>All workers that were to come by themselves have failed, and no other is there.</summary>
    public bool IsForsaken { get; private set; }

    /// <summary>Whether the first step was begun.</summary>
    public bool Started { get; private set; }

    public void Take(SchedulerEvent happened)
    {
        switch (happened)
        {
            case SchedulerEvent.WorkerReady ready: lastHeard.Add(ready.Worker, now); break;
            case SchedulerEvent.WorkerGone gone: lastHeard.Remove(gone.Worker); break;
            case SchedulerEvent.WorkerHeard heard:
                now = heard.Now;
                Hear(heard.Worker);
                break;
            case SchedulerEvent.NodeValueReceived value:
                now = value.Now > now ? value.Now : now;
                Hear(value.Worker);
                lastProgress[value.Worker] = now;
                break;
            case SchedulerEvent.ClockTicked tick: now = tick.Now; break;
            case SchedulerEvent.WorkerGivenUp givenUp:
                awaited = Math.Max(1, awaited - 1);
                failed += givenUp.Failed ? 1 : 0;
                IsForsaken = failed >= options.StartingWorkers && Ready == 0;
                break;
        }
    }

    public bool Any(Func<WorkerId, bool> condition) => lastHeard.Keys.Any(condition);

    private void Hear(WorkerId worker)
    {
        if (lastHeard.ContainsKey(worker))
            lastHeard[worker] = now;
    }

    public void Quarantine(WorkerId worker) => lastHeard.Remove(worker);

    public void Assign(SchedulerCommand.Assign assign)
    {
        HistoryException.Require(lastHeard.ContainsKey(assign.Worker), $"{assign.Worker} is given nodes and is gone");
        lastProgress[assign.Worker] = now;
        Started = true;
    }

    /// <summary>A tick sends away the silent and those who do not answer, and nobody else is sent away.</summary>
    /// <param name="awaited">Whose values are waited for.</param>
    /// <param name="unanswered">Who has not answered all, though another's value may do.</param>
    public void CheckEvictions(
        SchedulerEvent happened, IReadOnlyList<SchedulerCommand> commands, HashSet<WorkerId> awaited, HashSet<WorkerId> unanswered)
    {
        HashSet<WorkerId> evicted = [.. commands.OfType<SchedulerCommand.Evict>().Select(evict => evict.Worker)];
        foreach ((WorkerId worker, TimeSpan heard) in lastHeard)
        {
            bool isSilent = now - heard > options.SilenceLimit;
            bool isStuck = lastProgress.TryGetValue(worker, out TimeSpan progress) && now - progress > options.WorkerTimeout;
            bool must = happened is SchedulerEvent.ClockTicked && (isSilent || (isStuck && awaited.Contains(worker)));
            HistoryException.Require(!must || evicted.Contains(worker), $"{worker} is silent or does not answer, and is not sent away");
            HistoryException.Require(
                !evicted.Contains(worker) || isSilent || (isStuck && unanswered.Contains(worker)), $"{worker} is sent away, and lives and answers");
        }

        HistoryException.Require(
            evicted.Count == 0 || happened is SchedulerEvent.ClockTicked, $"{happened} sends {string.Join(' ', evicted)} away");
    }

    /// <summary>Whether the run waits, from what is left to do once an event is dealt with.</summary>
    public void CheckWait(bool isWorking, IReadOnlyList<SchedulerCommand> commands)
    {
        bool waits = isWorking ? Ready == 0 : Ready < Required;
        waitingSince = waits ? waitingSince ?? now : null;
        SchedulerCommand.WaitForWorkers? told = commands.OfType<SchedulerCommand.WaitForWorkers>().SingleOrDefault();
        SchedulerCommand.WaitForWorkers? expected = waits ? new SchedulerCommand.WaitForWorkers(Ready, Required) : null;
        HistoryException.Require(told == expected, $"{told} is told, not {expected}");
    }
}
