using Backprop.Coordinator.Commands;
using Backprop.Coordinator.LocalWorkers;
using Backprop.Coordinator.Progress;
using Backprop.Scheduling;
using Backprop.Serving;
using Backprop.Core;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Sharding;
using Backprop.Core.Training;
using Backprop.Protos;
using NodeValue = Backprop.Serving.NodeValue;

namespace Backprop.Coordinator;

/// <summary>
/// Does what a step does, on copies and with nobody listening: its code is compiled while workers start, and not in the
/// first step, where it would cost as much as thirty later ones.
/// </summary>
internal static class FirstStepRehearsal
{
    private static readonly WorkerId worker = new(0);

    public static void Run(RunSetup setup, RunSession session, ModelTeam team, IOptimizer optimizer)
    {
        Schedule(setup.Plan);
        StepMessages.Rehearse();
        Time(session.Time);
        ReadValue(session);
        AddAndUpdate(setup, session.Gradients, team, optimizer);
        CompiledAhead.Types(
            typeof(TrainingRun), typeof(Scheduler), typeof(WorkerRegistry), typeof(WorkerConnection), typeof(NodeValueReader), typeof(NodeValues), typeof(ModelTeam), typeof(WorkerMemory),
            typeof(GradientSum), typeof(LayerParameters), typeof(Parameters), typeof(Divergence), typeof(LearningRateSchedule), typeof(WorkerBoard), typeof(LocalWorkerGroup),
            typeof(StepTimes), typeof(EventQueue), typeof(DoorbellWatch), typeof(DoorbellCaller), typeof(RunWeights), typeof(ValueLook), typeof(WeightsUpdate), typeof(WeightsPassage), typeof(ValueSlots));
    }

    /// <summary>A run of a few steps with one worker that answers at once.</summary>
    private static void Schedule(TrainingPlan plan)
    {
        var scheduler = new Scheduler(plan, new SchedulerOptions(1, 1, TimeSpan.MaxValue, TimeSpan.MaxValue, TimeSpan.FromSeconds(1)), TimeSpan.Zero);
        var events = new Queue<SchedulerEvent>([new SchedulerEvent.WorkerReady(worker, "rehearsal", 1)]);
        for (int turn = 0; turn < 8 && events.TryDequeue(out SchedulerEvent? happened); turn++)
        {
            foreach (SchedulerCommand.Assign assign in scheduler.Handle(happened).OfType<SchedulerCommand.Assign>())
            {
                foreach (ShardNode node in assign.Nodes)
                    events.Enqueue(new SchedulerEvent.NodeValueReceived(worker, assign.Work.Kind, assign.Work.Step, node, TimeSpan.Zero));
            }

            events.Enqueue(new SchedulerEvent.ClockTicked(TimeSpan.Zero));
        }
    }

    private static void Time(TimeProvider clock)
    {
        var times = new StepTimes(clock);
        for (int step = 0; step < 2; step++)
        {
            times.Assigned();
            times.Answered(worker, TimeSpan.Zero, 1);
            times.Answered(new WorkerId(1), TimeSpan.Zero, 1);
            times.Committed(TimeSpan.Zero);
        }

        WorkerBoard.Rehearse();
    }

    /// <summary>Asks a worker for a value and takes it.</summary>
    private static void ReadValue(RunSession session)
    {
        var reader = new NodeValueReader(default, "rehearsal", "rehearsal", session.Gradients, new ValueSlots(null), session.Time);
        reader.Ask(new Work(Scheduling.WorkKind.Evaluation, 0, 0, 1, 1), [new ShardNode(0, 1)], withSlots: false);
        reader.Read(new EvaluationValue
        {
            RunId = "rehearsal", Node = new Node { First = 0, Count = 1 }, Totals = new Totals { ExampleCount = 1 },
        });
        _ = reader.Owes(0);
    }

    /// <summary>Adds two values and updates a copy of the weights.</summary>
    private static void AddAndUpdate(RunSetup setup, GradientPool pool, ModelTeam team, IOptimizer optimizer)
    {
        var values = new NodeValues(pool, team);
        foreach (ShardNode node in (ShardNode[])[new(0, 1), new(1, 1)])
        {
            GradientSum value = pool.Rent();
            value.Totals = new NodeTotals(1, 0, 0);
            values.Keep(node, new NodeValue(worker, "rehearsal", value, value.Totals));
        }

        RootSum sum = values.Root(2);
        team.TryUpdate(
            optimizer, setup.InitialParameters, new Parameters(setup.Configuration.Shape), sum, Divergence.LimitOf(1, 1), 0,
            optimizer.CreateState(setup.Configuration.Shape));
        values.Clear();
        EndPassage();
    }

    /// <summary>Tells nobody that all weights are there: a list of such tuples has code of its own.</summary>
    private static void EndPassage()
    {
        foreach ((WorkerConnection _, Work _, IReadOnlyList<ShardNode> _) in new WeightsPassage().End())
            throw new InvalidOperationException("Nobody was waiting.");
    }
}
