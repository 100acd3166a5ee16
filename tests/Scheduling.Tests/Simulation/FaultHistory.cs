using Backprop.Coordinator.Scheduling;
using Backprop.Core.Training;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>
/// A run under faults that all follow from one seed: workers join, die, vanish, freeze, wake and come back; the clock
/// jumps; somebody stops the run. The scheduler's promises are checked at every event.
/// </summary>
internal sealed class FaultHistory
{
    private const int EventsAtMost = 20_000;
    private const int WorkersAtMost = 3;

    private readonly Agenda agenda = new();
    private readonly Chance chance;
    private readonly Action<string>? note;
    private readonly Scheduler scheduler;
    private readonly Cluster cluster;
    private readonly Promises promises;
    private readonly Sightings sightings = new();

    /// <param name="note">Told what happens, for a person who looks into a failure.</param>
    public FaultHistory(ulong seed, Action<string>? note = null)
    {
        this.note = note;
        chance = new Chance(seed);
        var plan = new TrainingPlan(
            chance.Between(1, 60), chance.Between(1, 20), chance.Between(1, 3), 1 << chance.Between(0, 3),
            chance.Between(1, 600), chance.Between(0, 3));
        var options = new SchedulerOptions(
            chance.Between(1, WorkersAtMost), chance.Between(1, WorkersAtMost), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(8));
        scheduler = new Scheduler(plan, options, agenda.Time);
        promises = new Promises(plan, options, agenda.Time);
        cluster = new Cluster(pace: chance.Seconds(0.01, 1), agenda, chance, Handle);
        note?.Invoke($"{plan}, {options}");
        Prepare(options.StartingWorkers);
    }

    public int EventCount { get; private set; }

    /// <summary>What came up.</summary>
    public IReadOnlySet<Happening> Seen => sightings.Seen;

    /// <exception cref="HistoryException">A promise was broken.</exception>
    public void Run()
    {
        while (promises.End is null)
            agenda.Advance();
        HistoryException.Require(
            scheduler.NodesReassigned == promises.NodesLeft, $"{scheduler.NodesReassigned} nodes are told as reassigned, not {promises.NodesLeft}");
    }

    /// <summary>Some of the awaited workers come, some are given up; there may be faults, and a stop or two.</summary>
    private void Prepare(int awaited)
    {
        int coming = chance.Between(0, awaited);
        for (int i = 0; i < coming; i++)
            cluster.Start();
        bool failed = chance.OneIn(2);
        for (int i = coming; i < awaited && !chance.OneIn(4); i++)
        {
            string name = $"absent-{i}";
            agenda.After(chance.Seconds(0, 15), () => Handle(new SchedulerEvent.WorkerGivenUp(name, "it did not come", failed)));
        }

        for (int i = 0; i < 2 && chance.OneIn(3); i++)
            agenda.After(chance.Seconds(0, 60), () => Handle(new SchedulerEvent.StopRequested()));
        new Faults(cluster, agenda, chance).Begin(peersAfterwards: WorkersAtMost);
        Tick();
    }

    /// <summary>The coordinator's timer, which its machine may hold up.</summary>
    private void Tick() => agenda.After(chance.OneIn(20) ? chance.Seconds(0, 5) : 0.25, () =>
    {
        Handle(new SchedulerEvent.ClockTicked(agenda.Time));
        Tick();
    });

    private void Handle(SchedulerEvent happened)
    {
        if (promises.End is not null)
            return;
        HistoryException.Require(++EventCount <= EventsAtMost, "the run does not come to its end");
        note?.Invoke($"{agenda.Now:0.000} {happened}");
        sightings.Note(happened, promises.Take(happened), promises);
        IReadOnlyList<SchedulerCommand> commands = scheduler.Handle(happened);
        foreach (SchedulerCommand command in commands)
            note?.Invoke("    " + Describe(command));
        sightings.Note(commands);
        promises.Check(happened, commands);
        foreach (SchedulerCommand command in commands)
            Execute(command);
    }

    private static string Describe(SchedulerCommand command) => command is SchedulerCommand.Assign assign
        ? $"Assign {{ Worker = {assign.Worker}, Work = {assign.Work}, Nodes = {string.Join(' ', assign.Nodes)} }}"
        : command.ToString();

    private void Execute(SchedulerCommand command)
    {
        if (command is SchedulerCommand.Assign assign)
            cluster.Assign(assign);
        else if (command is SchedulerCommand.Evict evict)
            cluster.Evict(evict);
    }
}
