using Backprop.Coordinator.Scheduling;
using Backprop.Core.Training;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>What the scheduler promises, held against every event that it is told and every command that it gives.</summary>
internal sealed class Promises(TrainingPlan plan, SchedulerOptions options, TimeSpan start)
{
    private readonly Ledger ledger = new(plan);
    private readonly Roster roster = new(options, start);
    private readonly CheckpointLog checkpoints = new(plan);
    private bool isWanted;
    private bool stopRequested;

    public bool IsWorking => ledger.IsWorking;

    public bool IsWaiting => roster.IsWaiting;

    public bool IsForsaken => roster.IsForsaken;

    public int Ready => roster.Ready;

    public long NodesLeft => ledger.NodesLeft;

    /// <summary>How the run ended; null before.</summary>
    public RunEnd? End { get; private set; }

    /// <summary>Takes in an event before the scheduler does.</summary>
    /// <returns>Whether it brings a value that was waited for, or takes nodes away with their worker.</returns>
    public bool Take(SchedulerEvent happened)
    {
        roster.Take(happened);
        stopRequested |= happened is SchedulerEvent.StopRequested;
        isWanted = happened is SchedulerEvent.NodeValueReceived value && ledger.IsWanted(value);
        return isWanted || (happened is SchedulerEvent.WorkerGone gone && ledger.Lose(gone.Worker) > 0);
    }

    /// <summary>Checks what the scheduler made of it.</summary>
    /// <exception cref="HistoryException">A promise is broken.</exception>
    public void Check(SchedulerEvent happened, IReadOnlyList<SchedulerCommand> commands)
    {
        if (happened is SchedulerEvent.NodeValueReceived)
        {
            HistoryException.Require(
                commands.Any(command => command is SchedulerCommand.KeepValue) == isWanted
                && commands.Any(command => command is SchedulerCommand.DropValue) == !isWanted,
                $"a value that {(isWanted ? "is" : "is not")} waited for is {(isWanted ? "not " : "")}kept");
        }

        foreach (SchedulerCommand command in commands)
        {
            HistoryException.Require(End is null, $"{command} after the end");
            Check(command);
        }

        roster.CheckEvictions(happened, commands);
        if (End is null)
            CheckRunGoesOn(happened, commands);
    }

    private void Check(SchedulerCommand command)
    {
        switch (command)
        {
            case SchedulerCommand.Assign assign:
                if (!ledger.IsWorking)
                    CheckBegin(assign.Work);
                roster.Assign(assign);
                ledger.Assign(assign);
                break;
            case SchedulerCommand.KeepValue keep:
                roster.Hear(keep.Worker);
                ledger.Keep(keep);
                break;
            case SchedulerCommand.CommitStep commit:
                ledger.Commit(commit.Work);
                checkpoints.StepCommitted(commit.Work.Step);
                break;
            case SchedulerCommand.CommitEvaluation commit: ledger.Commit(commit.Work); break;
            case SchedulerCommand.SaveCheckpoint save: checkpoints.Save(save.NextStep, ledger.CommittedSteps); break;
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
    }

    /// <summary>Nothing runs, and what would be next is a step, or has too few workers: then a stop may end the run.</summary>
    private bool CannotGoOn => !ledger.AnyOutstanding
        && (ledger.IsWorking || ledger.Next.Kind == WorkKind.Training || roster.Ready < roster.Required);

    private void CheckEnd(SchedulerCommand.Finish finish)
    {
        End = finish.End;
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
