using Backprop.Coordinator.Commands;
using Backprop.Coordinator.LocalWorkers;
using Backprop.Coordinator.Progress;
using Backprop.Coordinator.Scheduling;
using Backprop.Coordinator.Transport;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Training;
using Grpc.Core;
using Work = Backprop.Coordinator.Scheduling.Work;

namespace Backprop.Coordinator;

/// <summary>
/// THE MAIN LOOP. Events come in from the workers' connections and the clock; the scheduler decides; what it commands
/// is done here: nodes are given out with the weights they need, values are kept until a mini-batch is whole, then
/// added along the tree, divided once by the number of examples, and the weights are updated.
/// </summary>
internal sealed class TrainingRun(
    RunSetup setup, Scheduler scheduler, RunSession session, RunRecorder recorder, LocalWorkerGroup? localWorkers,
    WorkerBoard board)
{
    private readonly NodeValues values = new(session.Gradients);
    private readonly IOptimizer optimizer = OptimizerCatalog.Create(setup.Configuration);
    private readonly LearningRateSchedule schedule = LearningRateSchedule.Parse(setup.Configuration.Schedule);
    private readonly OptimizerState state = OptimizerCatalog.Create(setup.Configuration).CreateState(setup.Configuration.Shape);
    private NodeTotals epochTotals;
    private SchedulerCommand.Finish? finish;

    /// <summary>The weights after the last committed step.</summary>
    public Parameters Parameters { get; } = setup.InitialParameters.Copy();

    /// <summary>Trains until the plan is done, a stop is asked for, or the run fails; nothing is done after that.</summary>
    public async Task<SchedulerCommand.Finish> RunAsync()
    {
        while (finish is null)
        {
            RunEvent happened = await session.Inbox.Reader.ReadAsync();
            Note(happened);
            bool kept = false;
            foreach (SchedulerCommand command in scheduler.Handle(happened.Event))
            {
                kept |= command is SchedulerCommand.KeepValue;
                if (finish is null)
                    Execute(command, happened);
            }

            if (!kept && happened.Sum is not null)
                session.Gradients.Return(happened.Sum);
        }

        return finish;
    }

    private void Execute(SchedulerCommand command, RunEvent happened)
    {
        switch (command)
        {
            case SchedulerCommand.Assign assign: Assign(assign); break;
            case SchedulerCommand.KeepValue keep: Keep(keep, happened); break;
            case SchedulerCommand.CommitStep commit: CommitStep(commit.Work); break;
            case SchedulerCommand.CommitEvaluation commit: CommitEvaluation(commit.Work); break;
            case SchedulerCommand.SaveCheckpoint save: SaveCheckpoint(save.NextStep); break;
            case SchedulerCommand.Evict evict:
                session.Workers[evict.Worker]?.Close(new Status(StatusCode.DeadlineExceeded, evict.Reason));
                break;
            case SchedulerCommand.Notice notice: recorder.Notice(notice.Line); break;
            case SchedulerCommand.WaitForWorkers wait:
                recorder.WantedWorkers = wait.Wanted;
                recorder.Enter(RunPhase.WaitingForWorkers);
                break;
            case SchedulerCommand.Finish end: finish = end; break;
        }
    }

    private void Assign(SchedulerCommand.Assign assign)
    {
        recorder.Enter(assign.Work.Kind == Scheduling.WorkKind.Training ? RunPhase.Training : RunPhase.Evaluating);
        session.Workers[assign.Worker]?.Assign(assign.Work, assign.Nodes, Parameters);
        board.Assigned(assign.Worker, assign.Nodes);
    }

    private void Keep(SchedulerCommand.KeepValue keep, RunEvent happened)
    {
        values.Keep(keep.Node, happened.Sum, happened.Totals);
        board.Answered(keep.Worker, happened.Sum is null ? 0 : happened.Totals.ExampleCount);
        if (happened.Worker is { IsLocal: true } local)
            localWorkers?.Answered(local.Name);
    }

    /// <summary>W ← W − (η/m)·∇W with the mini-batch's sums.</summary>
    private void CommitStep(Work work)
    {
        (GradientSum? sum, NodeTotals totals) = values.Root(work.Shards);
        if (FailOn(Divergence.Find(work.Step, totals, setup.Configuration)))
        {
            // The weights before the step may still be good.
            if (Parameters.AreFinite())
                recorder.CheckpointDue(work.Step, Parameters, state, epochTotals);
            return;
        }

        optimizer.Update(
            Parameters, sum!, totals.ExampleCount, schedule.RateAt(setup.Configuration.LearningRate, work.Epoch), state);
        values.Clear();
        epochTotals += totals;
        recorder.StepCommitted(work.Step, totals);
        if (setup.Plan.EndsEpoch(work.Step))
            FailOn(Divergence.Find(work.Step, Parameters, setup.Configuration));
    }

    private void SaveCheckpoint(long nextStep)
    {
        if (!FailOn(Divergence.Find(nextStep - 1, Parameters, setup.Configuration)))
            recorder.CheckpointDue(nextStep, Parameters, state, setup.Plan.EndsEpoch(nextStep - 1) ? default : epochTotals);
    }

    /// <returns>Whether there is something to fail on.</returns>
    private bool FailOn(string? divergence)
    {
        if (divergence is not null)
            finish = new SchedulerCommand.Finish(RunEnd.Failed, divergence);
        return divergence is not null;
    }

    private void CommitEvaluation(Work work)
    {
        NodeTotals test = values.Root(work.Shards).Totals;
        values.Clear();
        recorder.EpochEvaluated(new EpochResult(
            work.Epoch, work.Step, epochTotals.Cost / epochTotals.ExampleCount, test.Cost / Math.Max(1, test.ExampleCount),
            test.CorrectCount, test.ExampleCount, recorder.TrainingTime));
        epochTotals = default;
    }

    /// <summary>What people are shown of an event, before the scheduler decides on it.</summary>
    private void Note(RunEvent happened)
    {
        switch (happened.Event)
        {
            case SchedulerEvent.WorkerReady:
                board.BecameReady(happened.Worker!);
                break;
            case SchedulerEvent.WorkerGone gone:
                board.Gone(gone.Worker);
                break;
            case SchedulerEvent.ClockTicked:
                recorder.Publish();
                break;
        }
    }
}
