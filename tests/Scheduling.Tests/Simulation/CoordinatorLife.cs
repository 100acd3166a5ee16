using Backprop.Core.Sharding;
using Backprop.Core.Training;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>
/// One life of a coordinator: the scheduler, and around it what the shell does with the commands, on values that are but a
/// few bits. Its promises are checked at every event.
/// </summary>
internal sealed class CoordinatorLife
{
    private const int EventsAtMost = 20_000;

    private readonly SchedulerOptions options;
    private readonly Agenda agenda;
    private readonly Chance chance;
    private readonly Cluster cluster;
    private readonly Disk disk;
    private readonly Sightings sightings;
    private readonly Action<string>? note;
    private readonly Scheduler scheduler;
    private readonly Promises promises;
    private readonly Dictionary<ShardNode, (WorkerId? Worker, Bits Bits)> kept = [];
    private readonly Dictionary<long, Dictionary<ShardNode, (WorkerId? Worker, Bits Bits)>> remembered = [];
    private readonly List<(ShardNode Node, WorkerId Worker, Bits Bits)> claims = [];
    private readonly HashSet<ShardNode> confirmed = [];
    private readonly Queue<SchedulerEvent> answers = [];
    private long discardedAfter = long.MaxValue;
    private bool isDead;

    public CoordinatorLife(
        TrainingPlan plan, SchedulerOptions options, Agenda agenda, Chance chance, Cluster cluster, Disk disk, Sightings sightings,
        Action<string>? note)
    {
        this.options = options;
        this.agenda = agenda;
        this.chance = chance;
        this.cluster = cluster;
        this.disk = disk;
        this.sightings = sightings;
        this.note = note;
        SavedState from = disk.Newest;
        State = from.State;
        scheduler = new Scheduler(plan, options, agenda.Time, from.NextStep, from.EvaluationPending);
        promises = new Promises(plan, options, agenda.Time, from.NextStep, from.EvaluationPending);
        Tick();
    }

    public int EventCount { get; private set; }

    /// <summary>What was added so far: the steps, and whatever went wrong in them.</summary>
    public ulong State { get; private set; }

    public RunEnd? End => promises.End;

    public bool IsOver => isDead || promises.End is not null;

    /// <summary>kill -9: what was not on the disk is lost.</summary>
    public void Die()
    {
        isDead = true;
        cluster.Disconnect();
    }

    public void Handle(SchedulerEvent happened) => Handle(happened, Bits.Right);

    public void Handle(SchedulerEvent happened, Bits bits)
    {
        if (IsOver)
            return;
        HistoryException.Require(++EventCount <= EventsAtMost, "the run does not come to its end");
        Take(happened, bits);
        while (!IsOver && answers.TryDequeue(out SchedulerEvent? answer))
            Take(answer, bits);
        if (End is not null)
            HistoryException.Require(
                scheduler.NodesReassigned == promises.NodesReassigned,
                $"{scheduler.NodesReassigned} nodes are told as reassigned, not {promises.NodesReassigned}");
    }

    private void Take(SchedulerEvent happened, Bits bits)
    {
        note?.Invoke($"{agenda.Now:0.000} {happened}");
        sightings.Note(happened, promises.Take(happened), promises);
        bool isForeseen = happened is SchedulerEvent.NodeValueReceived { IsFinite: true } value && scheduler.CompletesStep(value);
        IReadOnlyList<SchedulerCommand> commands = scheduler.Handle(happened);
        foreach (SchedulerCommand command in commands)
            note?.Invoke("    " + Describe(command));
        sightings.Note(happened, commands);
        promises.Check(happened, commands);
        HistoryException.Require(
            !isForeseen || commands.Any(command => command is SchedulerCommand.CommitStep), $"a step was to be complete with {happened}, and is not committed");
        if (isForeseen)
            sightings.Seen.Add(Happening.StepForeseen);
        foreach (SchedulerCommand command in commands)
            Execute(command, bits);
    }

    private static string Describe(SchedulerCommand command) => command is SchedulerCommand.Assign assign
        ? $"Assign {{ Worker = {assign.Worker}, Work = {assign.Work}, Nodes = {string.Join(' ', assign.Nodes)} }}"
        : command.ToString();

    private void Execute(SchedulerCommand command, Bits bits)
    {
        switch (command)
        {
            case SchedulerCommand.Assign assign: cluster.Assign(assign); break;
            case SchedulerCommand.Evict evict: cluster.Evict(evict); break;
            case SchedulerCommand.Quarantine quarantine: cluster.Quarantine(quarantine); break;
            case SchedulerCommand.KeepValue keep: kept[keep.Node] = (keep.Worker, bits); break;
            case SchedulerCommand.DiscardValue discard:
                kept.Remove(discard.Node);
                confirmed.Remove(discard.Node);
                break;
            case SchedulerCommand.CompareValue compare: Compare(compare, bits); break;
            case SchedulerCommand.Recompute recompute: Recompute(recompute); break;
            case SchedulerCommand.CommitStep commit: Commit(commit); break;
            case SchedulerCommand.CommitEvaluation:
                kept.Clear();
                confirmed.Clear();
                break;
            case SchedulerCommand.ForgetStep forget: remembered.Remove(forget.Step); break;
            case SchedulerCommand.SaveCheckpoint { CanWait: true } when chance.OneIn(2): break;
            case SchedulerCommand.SaveCheckpoint save:
                var saved = new SavedState(save.NextStep, State, promises.IsEvaluationAhead);
                if (End is not null)
                    disk.Write(saved);
                else
                    agenda.After(chance.Seconds(0, 0.5), () => Write(saved));
                break;
            case SchedulerCommand.DiscardCheckpoints discard:
                discardedAfter = discard.AfterStep;
                disk.DiscardAfter(discard.AfterStep);
                break;
        }
    }

    private void Write(SavedState saved)
    {
        if (!isDead && saved.NextStep <= discardedAfter)
            disk.Write(saved);
    }

    private void Compare(SchedulerCommand.CompareValue compare, Bits bits)
    {
        if (!IsPast(compare.Work))
            confirmed.Add(compare.Node);
        bool agrees = Kept(compare.Work, compare.Node) is not { } value || value.Bits == bits;
        if (!agrees)
            claims.Add((compare.Node, compare.Worker, bits));
        answers.Enqueue(new SchedulerEvent.ValueCompared(compare.Work, compare.Node, agrees, cluster.NameOf(compare.Worker), ""));
    }

    private void Recompute(SchedulerCommand.Recompute recompute)
    {
        (WorkerId? Worker, Bits Bits)? current = Kept(recompute.Work, recompute.Node);
        bool keptWasWrong = current is { Bits.IsRight: false };
        List<(WorkerId, string)> wrong = [.. claims.Where(claim => claim.Node == recompute.Node && !claim.Bits.IsRight)
            .Select(claim => (claim.Worker, cluster.NameOf(claim.Worker)))];
        if (keptWasWrong && current!.Value.Worker is { } worker)
            wrong.Add((worker, cluster.NameOf(worker)));
        claims.RemoveAll(claim => claim.Node == recompute.Node);
        if (!IsPast(recompute.Work))
        {
            if (keptWasWrong)
                kept[recompute.Node] = (null, Bits.Right);
            confirmed.Add(recompute.Node);
        }

        answers.Enqueue(new SchedulerEvent.NodeRecomputed(recompute.Work, recompute.Node, wrong, keptWasWrong, IsFinite: true));
    }

    private void Commit(SchedulerCommand.CommitStep commit)
    {
        foreach ((ShardNode node, (WorkerId? worker, Bits bits)) in kept)
        {
            HistoryException.Require(bits.IsFinite, $"{node} of {commit.Work} is added, and is no number");
            HistoryException.Require(bits.IsRight || options.AuditFraction < 1, $"{node} of {commit.Work} is added, and is wrong");
            HistoryException.Require(bits.IsRight || cluster.HasLiar, $"{node} of {commit.Work} is wrong, and nobody lies");
            HistoryException.Require(
                worker is not { } giver || !cluster.IsQuarantined(giver), $"{node} of {commit.Work} is added, and its worker is quarantined");
            HistoryException.Require(
                options.AuditFraction < 1 || confirmed.Contains(node), $"{node} of {commit.Work} is added, and nobody computed it again");
        }

        if (commit.StillOwed.Count > 0)
            remembered[commit.Work.Step] = commit.StillOwed.ToDictionary(node => node, node => kept[node]);
        State = Disk.Fold(State, commit.Work.Step, kept.Values.Aggregate(0UL, (sum, value) => sum + value.Bits.Value));
        kept.Clear();
        confirmed.Clear();
    }

    private bool IsPast(Work work) => work.Kind == WorkKind.Training && remembered.ContainsKey(work.Step);

    private (WorkerId? Worker, Bits Bits)? Kept(Work work, ShardNode node)
    {
        Dictionary<ShardNode, (WorkerId?, Bits)> values = IsPast(work) ? remembered[work.Step] : kept;
        return values.TryGetValue(node, out (WorkerId?, Bits) value) ? value : null;
    }

    /// <summary>The coordinator's timer, which its machine may hold up.</summary>
    private void Tick() => agenda.After(chance.OneIn(20) ? chance.Seconds(0, 5) : 0.25, () =>
    {
        Handle(new SchedulerEvent.ClockTicked(agenda.Time));
        if (!IsOver)
            Tick();
    });
}
