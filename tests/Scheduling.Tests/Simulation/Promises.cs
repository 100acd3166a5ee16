using Backprop.Core.Training;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>What the scheduler promises, held against every event that it is told and every command that it gives.</summary>
internal sealed class Promises(
    TrainingPlan plan, SchedulerOptions options, TimeSpan start, long firstStep = 0, bool evaluationPending = false)
{
    private readonly Ledger ledger = new(plan, firstStep, evaluationPending);
    private readonly Roster roster = new(options, start);
    private readonly CheckpointLog checkpoints = new(plan);
    private Fate fate;
    private HashSet<WorkerId> awaited = [];
    private HashSet<WorkerId> unanswered = [];
    private int answersAwaited;
    private bool stopRequested;
    private bool wrongWasCommitted;

    public bool IsWorking => ledger.IsWorking;

    public bool IsWaiting => roster.IsWaiting;

    public bool IsForsaken => roster.IsForsaken;

    public bool HasTwins => ledger.HasTwins;

    public int Ready => roster.Ready;

    public long NodesReassigned => ledger.NodesReassigned;

    /// <summary>At an epoch's end: whether its evaluation is yet to come.</summary>
    public bool IsEvaluationAhead => ledger.Next.Kind == WorkKind.Evaluation;

    /// <summary>How the run ended; null before.</summary>
    public RunEnd? End { get; private set; }

    /// <summary>Takes in an event before the scheduler does.</summary>
    /// <returns>Whether it brings a value that was waited for, or takes nodes away with their worker.</returns>
    public bool Take(SchedulerEvent happened)
    {
        (awaited, unanswered) = happened is SchedulerEvent.ClockTicked ? (ledger.Awaited, ledger.Unanswered) : ([], []);
        roster.Take(happened);
        answersAwaited -= happened is SchedulerEvent.ValueCompared or SchedulerEvent.NodeRecomputed ? 1 : 0;
        stopRequested |= happened is SchedulerEvent.StopRequested;
        wrongWasCommitted |= happened is SchedulerEvent.NodeRecomputed { KeptWasWrong: true } recomputed && recomputed.Work != ledger.Next;
        if (happened is not SchedulerEvent.NodeValueReceived value)
            return happened is SchedulerEvent.WorkerGone gone && ledger.Lose(gone.Worker) > 0;
        fate = ledger.FateOf(value);
        ledger.Answer(value);
        return fate != Fate.Drop;
    }

    /// <summary>Checks what the scheduler made of it.</summary>
    /// <exception cref="HistoryException">A promise is broken.</exception>
    public void Check(SchedulerEvent happened, IReadOnlyList<SchedulerCommand> commands)
    {
        if (happened is SchedulerEvent.NodeValueReceived)
        {
            HistoryException.Require(
                commands.Any(command => command is SchedulerCommand.KeepValue) == (fate == Fate.Keep)
                && commands.Any(command => command is SchedulerCommand.CompareValue) == (fate == Fate.Compare)
                && commands.Any(command => command is SchedulerCommand.DropValue) == (fate == Fate.Drop),
                $"a value that is to be treated so: {fate}, is not");
        }

        foreach (SchedulerCommand command in commands)
        {
            HistoryException.Require(End is null, $"{command} after the end");
            Check(command, happened);
        }

        if (happened is SchedulerEvent.NodeRecomputed recomputed && wrongWasCommitted)
        {
            HistoryException.Require(
                commands.Contains(new SchedulerCommand.DiscardCheckpoints(recomputed.Work.Step)),
                $"a wrong value was committed in {recomputed.Work}, and the checkpoints after it stay");
        }

        roster.CheckEvictions(happened, commands, awaited, unanswered);
        answersAwaited += commands.Count(command => command is SchedulerCommand.CompareValue or SchedulerCommand.Recompute);
        if (End is null && answersAwaited == 0)
            CheckRunGoesOn(happened, commands);
    }

    private void Check(SchedulerCommand command, SchedulerEvent happened)
    {
        switch (command)
        {
            case SchedulerCommand.Assign assign:
                if (!ledger.IsWorking)
                    CheckBegin(assign.Work);
                roster.Assign(assign);
                HistoryException.Require(
                    !ledger.IsBehind(assign.Worker) || !roster.Any(ledger.OwesNothing),
                    $"{assign.Worker} is behind and is given more, and another is free");
                ledger.Assign(assign, happened);
                break;
            case SchedulerCommand.KeepValue keep: ledger.Keep(keep.Node); break;
            case SchedulerCommand.DiscardValue discard: ledger.Discard(discard.Node); break;
            case SchedulerCommand.Quarantine quarantine:
                roster.Quarantine(quarantine.Worker);
                ledger.Lose(quarantine.Worker);
                break;
            case SchedulerCommand.CommitStep commit:
                ledger.Commit(commit.Work, commit.StillOwed);
                checkpoints.StepCommitted(commit.Work.Step);
                break;
            case SchedulerCommand.ForgetStep forget: ledger.Forget(forget.Step); break;
            case SchedulerCommand.CommitEvaluation commit: ledger.Commit(commit.Work, []); break;
            case SchedulerCommand.SaveCheckpoint save: checkpoints.Save(save, ledger.CommittedSteps); break;
            case SchedulerCommand.Finish finish: CheckEnd(finish); break;
        }
    }

    private void CheckBegin(Work work)
    {
        HistoryException.Require(roster.Ready >= roster.Required, $"{work} is begun with {roster.Ready} of {roster.Required} workers");
        HistoryException.Require(!stopRequested || work.Kind == WorkKind.Evaluation, $"{work} is begun after the stop");
    }

    /// <summary>A run that is not over has something that will happen: an answer, an eviction, or the end of a wait.</summary>
    private void CheckRunGoesOn(SchedulerEvent happened, IReadOnlyList<SchedulerCommand> commands)
    {
        ledger.Check(roster.Ready > 0);
        checkpoints.Check(isEvaluationAhead: ledger.Next.Kind == WorkKind.Evaluation);
        roster.CheckWait(ledger.IsWorking, commands);
        HistoryException.Require(!ledger.IsDone, "all is done, and the run does not end");
        HistoryException.Require(ledger.AnyOutstanding || roster.IsWaiting, "the run waits for nothing");
        HistoryException.Require(!roster.IsForsaken, "nobody is left who could come, and the run does not end");
        HistoryException.Require(ledger.AnyOutstanding || !stopRequested, "nothing runs, and the run does not stop");
        HistoryException.Require(
            happened is not SchedulerEvent.ClockTicked || !roster.HasWaitedTooLong, "the wait for workers does not end");
        HistoryException.Require(!wrongWasCommitted, "a wrong value was committed, and the run goes on");
    }

    /// <summary>Nothing runs, and what would be next is a step, or has too few workers: then a stop may end the run.</summary>
    private bool CannotGoOn => !ledger.AnyOutstanding
        && (ledger.IsWorking || ledger.Next.Kind == WorkKind.Training || roster.Ready < roster.Required);

    private void CheckEnd(SchedulerCommand.Finish finish)
    {
        End = finish.End;
        if (wrongWasCommitted)
        {
            HistoryException.Require(finish.End == RunEnd.Failed, $"a wrong value was committed, and the run ends {finish.End}");
            return;
        }

        (bool fits, bool saved) = finish.End switch
        {
            RunEnd.Completed => (ledger.IsDone, true),
            RunEnd.Interrupted => (stopRequested && CannotGoOn, true),
            _ => ((roster.HasWaitedTooLong || roster.IsForsaken) && !stopRequested, roster.Started),
        };
        HistoryException.Require(fits, $"the run ends {finish.End} ({finish.Reason})");
        HistoryException.Require(
            !saved || checkpoints.Newest == ledger.CommittedSteps,
            $"the run ends after {ledger.CommittedSteps} steps, and the newest checkpoint says {checkpoints.Newest}");
    }
}
