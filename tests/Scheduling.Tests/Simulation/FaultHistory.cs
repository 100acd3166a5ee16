using Backprop.Core.Training;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>
/// A run under faults that all follow from one seed: workers join, die, vanish, freeze, wake, slow down, lie and come back;
/// the coordinator is killed and resumed; the clock jumps; somebody stops the run.
/// </summary>
internal sealed class FaultHistory
{
    private const int WorkersAtMost = 3;
    private const int LivesAtMost = 30;

    private readonly Agenda agenda = new();
    private readonly Chance chance;
    private readonly Action<string>? note;
    private readonly TrainingPlan plan;
    private readonly SchedulerOptions options;
    private readonly Cluster cluster;
    private readonly Disk disk = new();
    private readonly Sightings sightings = new();
    private CoordinatorLife life;
    private int lives = 1;

    /// <param name="note">Told what happens, for a person who looks into a failure.</param>
    public FaultHistory(ulong seed, Action<string>? note = null)
    {
        this.note = note;
        chance = new Chance(seed);
        plan = new TrainingPlan(
            chance.Between(1, 60), chance.Between(1, 20), chance.Between(1, 5), 1 << chance.Between(0, 3),
            chance.Between(1, 600), chance.Between(0, 3));
        options = new SchedulerOptions(
            chance.Between(1, WorkersAtMost), chance.Between(1, WorkersAtMost), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(8),
            chance.OneIn(3) ? null : TimeSpan.FromSeconds(chance.Seconds(0.1, 2)),
            chance.OneIn(2) ? 0 : chance.OneIn(2) ? 1 : chance.Seconds(0, 1), seed);
        cluster = new Cluster(pace: chance.Seconds(0.01, 1), agenda, chance);
        note?.Invoke($"{plan}, {options}");
        life = Begin(options);
        Prepare(options.StartingWorkers);
    }

    public int EventCount { get; private set; }

    /// <summary>What came up.</summary>
    public IReadOnlySet<Happening> Seen => sightings.Seen;

    /// <exception cref="HistoryException">A promise was broken.</exception>
    public void Run()
    {
        while (true)
        {
            while (!life.IsOver)
                agenda.Advance();
            EventCount += life.EventCount;
            if (!GoesOn)
                break;
            Resume();
        }

        if (life.End == RunEnd.Completed)
            CheckFinalState();
    }

    /// <summary>A killed run is resumed, and of those that were stopped or failed some are.</summary>
    private bool GoesOn => lives < LivesAtMost && disk.Newest.NextStep < plan.StepCount
        && (life.End is null || (life.End != RunEnd.Completed && chance.OneIn(2)));

    private void CheckFinalState()
    {
        bool mayBeWrong = cluster.HasLiar && options.AuditFraction < 1;
        HistoryException.Require(
            mayBeWrong || life.State == Disk.Faultless(plan), "the final weights are not those of a run without faults");
    }

    private CoordinatorLife Begin(SchedulerOptions under)
    {
        var begun = new CoordinatorLife(plan, under, agenda, chance, cluster, disk, sightings, note);
        cluster.Coordinator = begun;
        return begun;
    }

    /// <summary>After a while a coordinator goes on from what is on the disk; workers look for it meanwhile.</summary>
    private void Resume()
    {
        cluster.Disconnect();
        bool isUp = false;
        agenda.After(chance.Seconds(0, 10), () => isUp = true);
        while (!isUp)
            agenda.Advance();
        note?.Invoke($"{agenda.Now:0.000} another coordinator goes on from {disk.Newest}");
        lives++;
        sightings.Seen.Add(Happening.Resumed);
        life = Begin(options with { StartingWorkers = options.MinimumWorkers });
        while (cluster.Living.Count < options.MinimumWorkers && !chance.OneIn(6))
            cluster.Start();
    }

    /// <summary>Some of the awaited workers come, some are given up; there may be faults, kills of the coordinator, a stop or two.</summary>
    private void Prepare(int awaited)
    {
        int coming = chance.Between(0, awaited);
        for (int i = 0; i < coming; i++)
            cluster.Start();
        bool failed = chance.OneIn(2);
        CoordinatorLife first = life;
        for (int i = coming; i < awaited && !chance.OneIn(4); i++)
        {
            string name = $"absent-{i}";
            agenda.After(chance.Seconds(0, 15), () => first.Handle(new SchedulerEvent.WorkerGivenUp(name, "it did not come", failed)));
        }

        for (int i = 0; i < 2 && chance.OneIn(3); i++)
            agenda.After(chance.Seconds(0, 60), () => life.Handle(new SchedulerEvent.StopRequested()));
        if (chance.OneIn(3))
            KillNow(chance.Seconds(1, 20), chance.Between(1, 6));
        new Faults(cluster, agenda, chance).Begin(peersAfterwards: WorkersAtMost);
    }

    private void KillNow(double meanGap, int times) => agenda.After(chance.Until(meanGap), () =>
    {
        if (!life.IsOver)
        {
            note?.Invoke($"{agenda.Now:0.000} the coordinator is killed");
            life.Die();
        }

        if (times > 1)
            KillNow(meanGap, times - 1);
    });
}
