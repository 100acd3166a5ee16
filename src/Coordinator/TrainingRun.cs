using Backprop.Coordinator.Commands;
using Backprop.Coordinator.LocalWorkers;
using Backprop.Coordinator.Progress;
using Backprop.Coordinator.Reports;
using Backprop.Scheduling;
using Backprop.Serving;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Sharding;
using Backprop.Core.Training;
using Grpc.Core;
using Work = Backprop.Scheduling.Work;

namespace Backprop.Coordinator;

/// <summary>
/// THE MAIN LOOP. Events come in from the workers' connections and the clock; the scheduler decides; what it commands
/// is done here: nodes are given out with the weights they need, values are kept until a mini-batch is whole, then
/// added along the tree, divided once by the number of examples, and the weights are updated.
/// </summary>
internal sealed class TrainingRun : IDisposable
{
    private readonly RunSetup setup;
    private readonly Scheduler scheduler;
    private readonly RunSession session;
    private readonly RunRecorder recorder;
    private readonly LocalWorkerGroup? localWorkers;
    private readonly WorkerBoard board;
    private readonly ThreadTeam threads;
    private readonly ModelTeam team;
    private readonly NodeValues values;
    private readonly OwnComputation own;
    private readonly ValueComparison comparison;
    private readonly IOptimizer optimizer;
    private readonly WeightsUpdate update;
    private readonly ValueLook look;
    private readonly StepTimes times;
    private readonly RunTrace? trace;
    private readonly Queue<SchedulerEvent> answers = [];
    private readonly List<WorkerConnection> assigned = [];
    private readonly TaskCompletionSource<SchedulerCommand.Finish> finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private (Work Work, NodeTotals Totals)? committing;
    private (long Time, double Traced) taken;
    private NodeTotals epochTotals;
    private SchedulerCommand.Finish? finish;

    public TrainingRun(
        RunSetup setup, Scheduler scheduler, RunSession session, RunRecorder recorder, LocalWorkerGroup? localWorkers,
        WorkerBoard board, RunTrace? trace)
    {
        this.setup = setup;
        this.scheduler = scheduler;
        this.session = session;
        this.recorder = recorder;
        this.localWorkers = localWorkers;
        this.board = board;
        this.trace = trace;
        times = new StepTimes(session.Time);
        threads = new ThreadTeam(ModelTeam.ThreadsFor(setup.Model.Shape), isBusy: false);
        team = new ModelTeam(threads, setup.Model.Shape);
        values = new NodeValues(session.Gradients, team);
        own = new OwnComputation(setup, session.Gradients);
        comparison = new ValueComparison(values, own, isOff: session.Fingerprint is null);
        optimizer = OptimizerCatalog.Create(setup.Configuration);
        update = new WeightsUpdate(setup, session, team, optimizer);
        look = new ValueLook(scheduler, values, update);
        epochTotals = setup.Start.EpochTotals;
    }

    /// <summary>The weights after the last committed step.</summary>
    public Parameters Parameters => update.Current;

    /// <summary>Trains until the plan is done, a stop is asked for, or the run fails; nothing is done after that.</summary>
    public Task<SchedulerCommand.Finish> RunAsync()
    {
        recorder.Rehearse();
        FirstStepRehearsal.Run(setup, session, team, optimizer);
        session.Events.Open(Take);
        return finished.Task;
    }

    public void Dispose()
    {
        own.Dispose();
        threads.Dispose();
    }

    /// <summary>One turn of the loop.</summary>
    private void Take(RunEvent happened)
    {
        if (finished.Task.IsCompleted)
            return;
        try
        {
            taken = Now();
            happened = look.LookAt(happened);
            Note(happened);
            bool kept = Handle(happened);
            while (finish is null && answers.TryDequeue(out SchedulerEvent? answer))
                Handle(new RunEvent(answer));
            foreach (WorkerConnection worker in assigned)
                worker.Ring();
            assigned.Clear();
            update.ForgetAhead();
            if (!kept && happened.Sum is not null)
                session.Gradients.Return(happened.Sum);
            if (finish is not null)
                End(finish);
        }
        catch (Exception error)
        {
            finished.SetException(error);
        }
    }

    private (long Time, double Traced) Now() => (session.Time.GetTimestamp(), trace?.Now ?? 0);

    private void End(SchedulerCommand.Finish end)
    {
        if (times.Verdict(setup.Configuration.MiniBatch, session.Workers.BusyCores) is { } verdict)
            recorder.Notice(NoticeKind.StepTimes, verdict);
        finished.SetResult(end);
    }

    /// <returns>Whether the value that came is kept.</returns>
    private bool Handle(RunEvent happened)
    {
        bool kept = false;
        foreach (SchedulerCommand command in scheduler.Handle(happened.Event))
        {
            kept |= command is SchedulerCommand.KeepValue;
            if (command is not SchedulerCommand.Assign)
                CompleteStep();
            if (finish is null)
                Execute(command, happened);
        }

        CompleteStep();
        return kept;
    }

    private void Execute(SchedulerCommand command, RunEvent happened)
    {
        switch (command)
        {
            case SchedulerCommand.Assign assign: Assign(assign); break;
            case SchedulerCommand.KeepValue keep: Keep(keep, happened); break;
            case SchedulerCommand.CompareValue compare: Compare(compare, happened); break;
            case SchedulerCommand.Recompute recompute:
                answers.Enqueue(comparison.Recompute(recompute.Work, recompute.Node, Parameters));
                break;
            case SchedulerCommand.DiscardValue discard: values.Discard(discard.Node); break;
            case SchedulerCommand.CommitStep commit: CommitStep(commit.Work, commit.StillOwed); break;
            case SchedulerCommand.ForgetStep forget: comparison.Forget(forget.Step); break;
            case SchedulerCommand.CommitEvaluation commit: CommitEvaluation(commit.Work); break;
            case SchedulerCommand.SaveCheckpoint save: SaveCheckpoint(save); break;
            case SchedulerCommand.Evict evict:
                session.Workers[evict.Worker]?.Close(new Status(StatusCode.DeadlineExceeded, evict.Reason));
                break;
            case SchedulerCommand.Quarantine quarantine:
                session.Workers.Quarantine(quarantine.Name, quarantine.Reason);
                break;
            case SchedulerCommand.DiscardCheckpoints discard: recorder.DiscardCheckpoints(discard.AfterStep); break;
            case SchedulerCommand.Notice notice: recorder.Notice(notice.Kind, notice.Line, notice.Worker); break;
            case SchedulerCommand.WaitForWorkers wait:
                times.WaitsForWorkers();
                recorder.WantedWorkers = wait.Wanted;
                recorder.Enter(RunPhase.WaitingForWorkers);
                break;
            case SchedulerCommand.Finish end: finish = end; break;
        }
    }

    private void Assign(SchedulerCommand.Assign assign)
    {
        recorder.Enter(assign.Work.Kind == Scheduling.WorkKind.Training ? RunPhase.Training : RunPhase.Evaluating);
        double begin = trace?.Now ?? 0;
        if (session.Workers[assign.Worker] is { } worker)
        {
            update.Assign(worker, assign.Work, assign.Nodes);
            assigned.Add(worker);
            trace?.Assigned(assign.Worker, worker.Name, assign.Work, assign.Nodes, begin);
        }

        board.Assigned(assign.Worker, assign.Nodes);
        if (assign.Work.Kind == Scheduling.WorkKind.Training)
            times.Assigned();
    }

    private void Keep(SchedulerCommand.KeepValue keep, RunEvent happened)
    {
        values.Keep(keep.Node, ValueOf(happened));
        board.Answered(keep.Worker, happened.Sum is null ? 0 : happened.Totals.ExampleCount);
        if (happened.Sum is not null)
            times.Answered(keep.Worker, TimeSpan.FromMicroseconds(happened.Header?.ComputedUs ?? 0), happened.Totals.ExampleCount);
        if (happened.Worker is { IsLocal: true } local)
            localWorkers?.Answered(local.Name);
    }

    private void Compare(SchedulerCommand.CompareValue compare, RunEvent happened)
    {
        answers.Enqueue(comparison.Compare(compare.Work, compare.Node, ValueOf(happened)));
        board.Answered(compare.Worker, 0);
    }

    private static NodeValue ValueOf(RunEvent happened) =>
        new(happened.Worker!.Id, happened.Worker.Name, happened.Sum, happened.Totals);

    /// <summary>W ← W − (η/m)·∇W with the mini-batch's sums, or the first layer of it.</summary>
    /// <param name="stillOwed">Nodes whose values a second worker is yet to send.</param>
    private void CommitStep(Work work, IReadOnlyList<ShardNode> stillOwed)
    {
        if (stillOwed.Count > 0)
            comparison.Remember(work, stillOwed, Parameters);
        RootSum? ahead = update.AheadOf(work);
        (long begin, double traced) = ahead is null ? Now() : taken;
        RootSum sum = ahead ?? values.Root(work.Shards);
        NodeTotals totals = sum.Totals;
        if (FailOn(Incomplete(work, totals)))
            return;
        committing = (work, totals);
        if (DivergedIn(update.Begin(work, sum)))
            return;
        times.Committed(session.Time.GetElapsedTime(begin));
        trace?.Committed(work, traced);
        if (!update.IsOpen)
            CompleteStep();
    }

    /// <summary>Updates the layers that the first workers have not waited for, and notes the step.</summary>
    private void CompleteStep()
    {
        if (committing is not var (work, totals) || finish is not null)
            return;
        (long begin, double traced) = Now();
        if (DivergedIn(update.Complete()))
            return;
        if (update.IsOpen)
        {
            times.Updated(session.Time.GetElapsedTime(begin));
            trace?.Updated(work, traced);
        }

        committing = null;
        epochTotals += totals;
        recorder.StepCommitted(work.Step, totals, values.Givers);
        values.Clear();
        update.TellWaiting();
        if (setup.Plan.EndsEpoch(work.Step))
            FailOn(Divergence.Find(work.Step, Parameters, setup.Configuration));
    }

    /// <returns>Whether there is something to fail on; the weights before the step may still be good, and are kept then.</returns>
    private bool DivergedIn(string? divergence)
    {
        if (!FailOn(divergence))
            return false;
        if (Parameters.AreFinite())
            recorder.CheckpointDue(committing!.Value.Work.Step, Parameters, update.State, epochTotals, canWait: false);
        return true;
    }

    /// <summary>The last look before a sum is used: whatever went wrong before, it has every example once.</summary>
    private static string? Incomplete(Work work, NodeTotals totals) => totals.ExampleCount == work.BatchSize
        ? null
        : $"{work} counts {totals.ExampleCount} of its {work.BatchSize} examples: a defect of this program; resume goes on from the newest checkpoint";

    private void SaveCheckpoint(SchedulerCommand.SaveCheckpoint save)
    {
        if (!FailOn(Divergence.Find(save.NextStep - 1, Parameters, setup.Configuration)))
            recorder.CheckpointDue(save.NextStep, Parameters, update.State, epochTotals, save.CanWait);
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
        NodeTotals test = values.Totals(work.Shards);
        if (FailOn(Incomplete(work, test)))
            return;
        values.Clear();
        trace?.Committed(work, trace.Now);
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
                recorder.JoinedAtStart(happened.Worker!.Name);
                if (happened.Worker.Shortfall is { } shortfall)
                    recorder.Notice($"{happened.Worker.Name}: {shortfall}");
                break;
            case SchedulerEvent.WorkerGone gone:
                board.Gone(gone.Worker);
                trace?.Gone(gone.Worker);
                break;
            case SchedulerEvent.NodeValueReceived value:
                trace?.Answered(value, happened.Header);
                break;
            case SchedulerEvent.ClockTicked:
                recorder.Publish();
                break;
        }
    }
}
