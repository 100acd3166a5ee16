using Backprop.Core.Training;

namespace Backprop.Scheduling;

/// <summary>
/// Decides everything that must be right under faults: who takes part, whose a node is, what is late, what to believe,
/// when a step is complete, when to save, when to end. Pure: events in, commands out; no socket, clock, thread, file or
/// random source inside.
/// </summary>
/// <remarks>
/// Invariants: the nodes outstanding, unassigned and answered together cover every example of the current work; those
/// answered cover none twice. A work is committed when nothing of it is outstanding, unassigned or in doubt, and then never
/// again.
/// </remarks>
public sealed partial class Scheduler
{
    private readonly TrainingPlan plan;
    private readonly SchedulerOptions options;
    private readonly List<SchedulerCommand> commands = [];
    private readonly Dictionary<WorkerId, Member> members = [];
    private readonly List<Member> order = [];
    private readonly NodeProgress progress = new();
    private readonly OwedValues owed = new();
    private readonly AuditDraw audit;
    private readonly WholeDivision division = new();
    private readonly Pace[] paces = [new(), new()];
    private readonly HashSet<string> failedWorkers = [];
    private Work next;
    private int startingWorkers;
    private bool started;
    private bool isWorking;
    private bool stopRequested;
    private bool finished;
    private TimeSpan now;
    private TimeSpan? waitingSince;
    private long savedStep = -1;

    /// <param name="start">The time now, on the clock that later events tell.</param>
    /// <param name="firstStep">Steps committed before: the run goes on with this one.</param>
    /// <param name="evaluationPending">Whether <paramref name="firstStep"/> begins an epoch, and the one before is yet to be evaluated.</param>
    public Scheduler(
        TrainingPlan plan, SchedulerOptions options, TimeSpan start, long firstStep = 0, bool evaluationPending = false)
    {
        this.plan = plan;
        this.options = options;
        now = start;
        next = evaluationPending ? EvaluationBefore(plan, firstStep) : WorkAt(plan, firstStep);
        startingWorkers = options.StartingWorkers;
        audit = new AuditDraw(options.AuditFraction, options.AuditSeed);
    }

    /// <summary>The work being done, or the next one when nothing is.</summary>
    public Work Current => next;

    /// <summary>Nodes that went to another worker than the first.</summary>
    public long NodesReassigned { get; private set; }

    /// <summary>Nodes whose value was computed twice and compared.</summary>
    public long NodesCompared { get; private set; }

    public int ReadyWorkers => order.Count;

    /// <summary>Whether a step is committed as soon as this value has come, if its numbers are finite.</summary>
    public bool CompletesStep(SchedulerEvent.NodeValueReceived value) =>
        isWorking && !finished
        && next.Kind == WorkKind.Training && (value.Kind, value.Step) == (next.Kind, next.Step)
        && progress.IsSettled && !progress.IsAudited(value.Node)
        && members.TryGetValue(value.Worker, out Member? giver) && giver.Outstanding.Contains(value.Node)
        && NothingIsOutstandingBeside(giver);

    /// <summary>Takes an event.</summary>
    /// <returns>What is to be done, in order. The list is used again at the next call.</returns>
    public IReadOnlyList<SchedulerCommand> Handle(SchedulerEvent happened)
    {
        commands.Clear();
        if (finished)
            return commands;
        switch (happened)
        {
            case SchedulerEvent.WorkerReady ready: Admit(ready); break;
            case SchedulerEvent.WorkerGone gone: Remove(gone); break;
            case SchedulerEvent.WorkerHeard heard: Hear(heard); break;
            case SchedulerEvent.WorkerThreadsChanged changed: Count(changed); break;
            case SchedulerEvent.NodeValueReceived value: Receive(value); break;
            case SchedulerEvent.ValueCompared compared: Compared(compared); break;
            case SchedulerEvent.NodeRecomputed recomputed: Recomputed(recomputed); break;
            case SchedulerEvent.ClockTicked tick: Tick(tick.Now); break;
            case SchedulerEvent.WorkerGivenUp givenUp: GiveUp(givenUp); break;
            case SchedulerEvent.StopRequested: stopRequested = true; break;
        }

        Advance();
        return commands;
    }

    private static Work WorkAt(TrainingPlan plan, long step) =>
        new(WorkKind.Training, plan.EpochOf(step), step, plan.Shards, plan.BatchSizeOf(step));

    /// <summary>The evaluation of the epoch that ended with the step before.</summary>
    private static Work EvaluationBefore(TrainingPlan plan, long step) =>
        new(WorkKind.Evaluation, plan.EpochOf(step - 1), step, plan.EvaluationShards, plan.TestExamples);

    private void Tell(NoticeKind kind, string line, string? worker = null) =>
        commands.Add(new SchedulerCommand.Notice(kind, line, worker));

    private void Tick(TimeSpan time)
    {
        Pass(time);
        commands.AddRange(Lateness.Overdue(order, now, options.SilenceLimit, options.WorkerTimeout));

        if (isWorking && options.StragglerTimeout is { } least)
            DuplicateLate(least);
        if (waitingSince is { } since && now - since > options.WorkerTimeout)
        {
            Fail($"{order.Count} of {RequiredWorkers} workers after waiting for "
                + $"{options.WorkerTimeout.TotalSeconds:0.###} s (--worker-timeout)");
        }
    }

    private void Pass(TimeSpan time) => now = time > now ? time : now;

    /// <summary>Goes as far as it can: hand on, commit, begin, until something has to happen first.</summary>
    private void Advance()
    {
        while (!finished)
        {
            if (isWorking && IsComplete)
                Commit();
            else if (isWorking && progress.AnyUnassigned && order.Count > 0)
                HandOn();
            else if (stopRequested && CanStop)
                Interrupt();
            else if (!isWorking && order.Count >= RequiredWorkers)
                Begin();
            else
                break;
        }

        NoteWaiting();
    }

    /// <summary>Between steps, the evaluation after an epoch included; or when there is nobody to finish what runs.</summary>
    private bool CanStop => isWorking
        ? order.Count == 0
        : next.Kind == WorkKind.Training || order.Count < RequiredWorkers;

    private bool IsComplete => progress.IsSettled && NothingIsOutstandingBeside(null);

    /// <param name="giver">May owe one node.</param>
    private bool NothingIsOutstandingBeside(Member? giver)
    {
        foreach (Member member in order)
        {
            if (member.Outstanding.Count != (member == giver ? 1 : 0))
                return false;
        }

        return true;
    }

    private void Commit()
    {
        isWorking = false;
        if (next.Kind == WorkKind.Evaluation)
        {
            commands.Add(new SchedulerCommand.CommitEvaluation(next));
            AfterEvaluation();
            return;
        }

        commands.Add(new SchedulerCommand.CommitStep(next, StillOwed()));
        long step = next.Step + 1;
        if (plan.IsCheckpointDue(next.Step) && !plan.EndsEpoch(next.Step))
            Save(step);
        next = plan.EndsEpoch(next.Step) ? EvaluationBefore(plan, step) : WorkAt(plan, step);
    }

    private void AfterEvaluation()
    {
        if (plan.IsCheckpointDue(next.Step - 1))
            Save(next.Step, plan.CanCheckpointWait(next.Step - 1));
        if (next.Step == plan.StepCount)
            End(RunEnd.Completed, "");
        else
            next = WorkAt(plan, next.Step);
    }

    private void Interrupt()
    {
        // What was computed of a running step is given up.
        Save(next.Step);
        End(RunEnd.Interrupted, "stopped on request");
    }

    /// <summary>Ends for want of workers; what was committed is saved.</summary>
    private void Fail(string reason)
    {
        if (started)
            Save(next.Step);
        End(RunEnd.Failed, reason);
    }

    private void Save(long step, bool canWait = false)
    {
        if (step == savedStep)
            return;
        if (!canWait)
            savedStep = step;
        commands.Add(new SchedulerCommand.SaveCheckpoint(step, canWait));
    }

    private void End(RunEnd end, string reason)
    {
        finished = true;
        commands.Add(new SchedulerCommand.Finish(end, reason));
    }

    private void NoteWaiting()
    {
        bool waits = !finished && (isWorking ? order.Count == 0 : order.Count < RequiredWorkers);
        if (waits && waitingSince is null)
            waitingSince = now;
        else if (!waits)
            waitingSince = null;
        if (waits)
            commands.Add(new SchedulerCommand.WaitForWorkers(order.Count, RequiredWorkers));
    }
}
