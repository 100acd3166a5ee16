using Backprop.Coordinator.Progress;
using Backprop.Coordinator.Reports;
using Backprop.Coordinator.Scheduling;
using Backprop.Coordinator.Transport;
using Backprop.Core;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Core.Training;
using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using Google.Protobuf;

namespace Backprop.Coordinator;

/// <summary>
/// Does what a step does, on copies and with nobody listening: its code is compiled while workers start, and not in the
/// first step, where it would cost as much as thirty later ones.
/// </summary>
internal static class FirstStepRehearsal
{
    private static readonly WorkerId worker = new(0);
    private static readonly ShardNode leaf = new(0, 1);

    public static void Run(TrainingPlan plan, GradientPool pool, ModelTeam team, TimeProvider clock)
    {
        Schedule(plan);
        ReadMessages();
        Time(clock);
        Add(pool, team);
        CompiledAhead.Types(
            typeof(TrainingRun), typeof(WorkerConnection), typeof(NodeValueReader), typeof(RunRecorder), typeof(WorkerBoard),
            typeof(StepTimes), typeof(ProgressRate), typeof(LedgerFile), typeof(RunLog), typeof(EventQueue), typeof(SharedTensors), typeof(Doorbell));
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

    private static void ReadMessages()
    {
        var node = new Node { First = (uint)leaf.First, Count = (uint)leaf.Count };
        var assignment = new Protos.Assignment { RunId = "rehearsal", Step = 1, WeightsShared = true };
        assignment.Nodes.AddRange(new List<ShardNode> { leaf }.Select(given => new Node { First = (uint)given.First, Count = (uint)given.Count }));
        assignment.Slots.AddRange(new List<uint> { 1 });
        Span<byte> bytes = stackalloc byte[256];
        var message = new CoordinatorMessage { Assignment = assignment };
        message.WriteTo(bytes[..message.CalculateSize()]);
        var header = new NodeHeader { RunId = "rehearsal", Step = 1, Node = node, Totals = new Totals { ExampleCount = 1, Cost = 1 }, Shared = true, ComputedUs = 1 };
        var answer = new WorkerMessage { NodeValue = new Protos.NodeValue { Header = header } };
        answer.WriteTo(bytes[..answer.CalculateSize()]);
        _ = WorkerMessage.Parser.ParseFrom((ReadOnlySpan<byte>)bytes[..answer.CalculateSize()]);
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
    }

    private static void Add(GradientPool pool, ModelTeam team)
    {
        var values = new NodeValues(pool, team);
        foreach (ShardNode node in (ShardNode[])[leaf, new(1, 1)])
        {
            GradientSum sum = pool.Rent();
            sum.Totals = new NodeTotals(1, 0, 0);
            values.Keep(node, new NodeValue(worker, "rehearsal", sum, sum.Totals));
        }

        _ = values.Root(2);
        values.Clear();
    }
}
