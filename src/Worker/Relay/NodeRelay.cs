using System.Runtime.ExceptionServices;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Core.Training;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using Backprop.Scheduling;
using Backprop.Serving;
using Backprop.Worker.Transport;
using Grpc.Core;
using Assignment = Backprop.Protos.Assignment;
using NodeValue = Backprop.Serving.NodeValue;
using WorkKind = Backprop.Scheduling.WorkKind;

namespace Backprop.Worker.Relay;

/// <summary>
/// Has workers of its own compute the nodes that it is given, itself among them: passes the weights down to each as they come, adds the
/// values along the tree, and hands one sum a node up. The coordinator's traffic does not grow with the workers behind it.
/// </summary>
internal sealed class NodeRelay : INodeSource
{
    private readonly RunPlace place;
    private readonly RunSession session;
    private readonly WorkerServer server;
    private readonly OwnWorker own;
    private readonly Action<string> notice;
    private readonly SubtreeScheduler scheduler;
    private readonly TrainingPlan plan;
    private readonly ThreadTeam threads;
    private readonly NodeValues values;
    private readonly RunWeights weights;
    private readonly TimeBelow timeBelow = new();
    private readonly WeightsGate gate;
    private readonly WeightsPassage passage = new();
    private readonly NodeValueSender sender;
    private readonly List<WorkerConnection> assigned = [];
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim handedUp = new();
    private readonly ITimer ticking;
    private readonly Lock turn = new();
    private ExceptionDispatchInfo? failure;
    private uint toldThreads;
    private bool isOver;

    public NodeRelay(RunPlace place, RunSession session, WorkerServer server, OwnWorker own, Action<string> notice)
    {
        this.place = place;
        this.session = session;
        this.server = server;
        this.own = own;
        this.notice = notice;
        scheduler = new SubtreeScheduler(
            RunSession.SilenceLimit, Limit(place.Run.WorkerTimeoutMs) ?? TimeSpan.MaxValue, Limit(place.Run.StragglerTimeoutMs),
            session.Time.GetElapsedTime(0));
        plan = place.Run.Plan();
        threads = new ThreadTeam(ModelTeam.ThreadsFor(session.Shape));
        values = new NodeValues(session.Gradients, new ModelTeam(threads, session.Shape));
        weights = new RunWeights(new Parameters(session.Shape), step: -1, session.Weights, session.Workers.Owes);
        gate = new WeightsGate(place.Incoming, place.Run.RunId, new ComputingTime());
        sender = new NodeValueSender(place, timeBelow.Tell);
        ticking = session.StartTicking();
    }

    /// <summary>Waits for the first worker, as a rule its own.</summary>
    public void Prepare(CancellationToken ended)
    {
        session.Events.Open(Take);
        ready.Task.Wait(ended);
        failure?.Throw();
    }

    public void Compute(Assignment assignment, CancellationToken ended)
    {
        ShardNode[] nodes = assignment.ShardNodes();
        Work work = WorkOf(assignment);
        Check(work, nodes);
        ExpectWeights(assignment);
        if (nodes.Length > 0)
        {
            sender.Begin(assignment.Epoch, assignment.Step, nodes, assignment.Slots);
            timeBelow.Begin();
            handedUp.Reset();
            session.Events.Tell(new SchedulerEvent.NodesAssigned(work, nodes));
        }

        if (assignment.WeightsFollow)
            PassWeights();
        if (nodes.Length == 0)
            return;
        handedUp.Wait(ended);
        failure?.Throw();
        sender.WaitUntilWritten(ended);

        // Nothing is kept for a work of which all is handed up.
        values.Clear();
    }

    /// <summary>Tells the workers how it ended; where a connection broke they come back.</summary>
    public async Task EndAsync(RunEnded? how)
    {
        // What a turn writes to goes when this is over.
        lock (turn)
        {
            isOver = true;
            values.Clear();
        }

        await ticking.DisposeAsync();
        session.Workers.EndRun(how ?? new RunEnded { Status = "interrupted", Reason = "the relay has lost its coordinator, or leaves" });
        await own.EndAsync();
        await server.DisposeAsync();
    }

    public void Dispose()
    {
        own.Dispose();
        sender.Dispose();
        handedUp.Dispose();
        threads.Dispose();
    }

    private static TimeSpan? Limit(ulong milliseconds) =>
        milliseconds == 0 ? null : TimeSpan.FromMilliseconds(Math.Min(milliseconds, (ulong)TimeSpan.FromDays(7).TotalMilliseconds));

    /// <summary>Makes an assignment's weights the current ones, be they whole or still to come.</summary>
    private void ExpectWeights(Assignment assignment)
    {
        if (!assignment.WeightsFollow && !assignment.WeightsShared)
            return;
        Parameters next = weights.Next();
        if (assignment.WeightsShared)
            place.Memory.WeightsIn(assignment.WeightsPlace).CopyTo(next);
        weights.Advance((long)assignment.Step);
        if (!assignment.WeightsFollow)
            return;
        gate.Expect(assignment.Step, next);
        lock (turn)
            passage.Begin((long)assignment.Step, next.Layers);
    }

    /// <summary>Takes the weights in, and passes each part down before the next is taken.</summary>
    private void PassWeights()
    {
        gate.WaitForAll(parts =>
        {
            lock (turn)
                passage.Pass(parts);
        });
        lock (turn)
        {
            foreach ((WorkerConnection worker, Work work, IReadOnlyList<ShardNode> nodes) in passage.End())
            {
                // The nodes of one that is gone have been handed on.
                if (session.Workers[worker.Id] == worker)
                    Assign(worker, work, nodes);
            }

            RingAssigned();
        }
    }

    private Work WorkOf(Assignment assignment) => assignment.Kind == Protos.WorkKind.Evaluation
        ? new Work(WorkKind.Evaluation, (int)assignment.Epoch, (long)assignment.Step, (int)place.Run.EvaluationShards, plan.TestExamples)
        : new Work(WorkKind.Training, (int)assignment.Epoch, (long)assignment.Step, plan.Shards, plan.BatchSizeOf((long)assignment.Step));

    private static void Check(Work work, ShardNode[] nodes)
    {
        foreach (ShardNode node in nodes)
        {
            if (!node.IsNodeOf(work.Shards) || work.ExamplesOf(node) == 0 || nodes.Count(other => other.First < node.End && node.First < other.End) > 1)
                throw new MalformedMessageException($"node {node}, which is none of {work}'s {work.Shards} shards, has no examples, or was sent twice");
        }
    }

    /// <summary>One turn of the relay's loop.</summary>
    private void Take(RunEvent happened)
    {
        lock (turn)
        {
            if (isOver)
            {
                GiveBack(happened);
                return;
            }

            try
            {
                if (failure is null)
                    Handle(happened);
                else
                    GiveBack(happened);
            }
            catch (Exception error)
            {
                failure = ExceptionDispatchInfo.Capture(error);
                ready.TrySetResult();
            }

            // At every turn: it may have failed before there was anything to wait for.
            if (failure is not null)
                handedUp.Set();
        }
    }

    private void Handle(RunEvent happened)
    {
        bool kept = false;
        foreach (SchedulerCommand command in scheduler.Handle(happened.Event))
        {
            kept |= command is SchedulerCommand.KeepValue;
            Execute(command, happened);
        }

        RingAssigned();
        if (!kept)
            GiveBack(happened);
    }

    private void RingAssigned()
    {
        foreach (WorkerConnection worker in assigned)
            worker.Ring();
        assigned.Clear();
    }

    private void GiveBack(RunEvent happened)
    {
        if (happened.Sum is not null)
            session.Gradients.Return(happened.Sum);
    }

    private void Execute(SchedulerCommand command, RunEvent happened)
    {
        switch (command)
        {
            case SchedulerCommand.Assign assign:
                if (session.Workers[assign.Worker] is { } worker)
                    Assign(worker, assign.Work, assign.Nodes);
                break;
            case SchedulerCommand.KeepValue keep:
                timeBelow.Answered(happened.Header);
                values.Keep(keep.Node, new NodeValue(keep.Worker, happened.Worker!.Name, happened.Sum, happened.Totals));
                break;
            case SchedulerCommand.HandUp whole:
                HandUp(whole);
                if (scheduler.MissingNodes == 0)
                    handedUp.Set();
                break;
            case SchedulerCommand.TellThreads tell: TellThreads(tell.Threads); break;
            case SchedulerCommand.Evict evict:
                session.Workers[evict.Worker]?.Close(new Status(StatusCode.DeadlineExceeded, evict.Reason));
                break;
            case SchedulerCommand.Notice told: notice($"relay: {told.Line}"); break;
        }
    }

    private void Assign(WorkerConnection worker, Work work, IReadOnlyList<ShardNode> nodes)
    {
        if (passage.IsOpen)
            passage.Assign(worker, work, nodes);
        else
            worker.Assign(work, nodes, weights);
        assigned.Add(worker);
    }

    private void HandUp(SchedulerCommand.HandUp whole)
    {
        (GradientSum? sum, NodeTotals totals) = values.Of(whole.Node);
        if (sum is null)
        {
            sender.EvaluationReady((ulong)whole.Work.Step, whole.Node, totals);
            return;
        }

        IReadOnlyList<LayerParameters>? slot = sender.PlaceOf(whole.Node);
        for (int layer = sum.Layers.Count - 1; layer >= 0; layer--)
        {
            if (slot is not null)
                sum.Layers[layer].CopyTo(slot[layer]);
            sender.LayerReady(whole.Node, layer, sum.Layers[layer]);
        }

        sender.NodeReady(whole.Node, totals);
    }

    private void TellThreads(int count)
    {
        if (count == 0)
            return;
        uint threadsNow = (uint)Math.Min(count, JoinCheck.ThreadsAtMost);
        if (threadsNow != toldThreads)
            place.Outgoing.Add(new WorkerMessage { Heartbeat = new Heartbeat { Threads = threadsNow } });
        toldThreads = threadsNow;
        ready.TrySetResult();
    }
}
