using System.Threading.Channels;
using Backprop.Scheduling;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using Grpc.Core;
using WorkKind = Backprop.Scheduling.WorkKind;
using CoordinatorFrame = Backprop.Protos.Tensors.Frame<
    Backprop.Protos.CoordinatorMessage, Backprop.Protos.WeightsHeader>;
using WorkerFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.WorkerMessage, Backprop.Protos.NodeHeader>;

namespace Backprop.Serving;

/// <summary>One life of a worker: its stream's two directions, without decisions.</summary>
internal sealed class WorkerConnection(
    WorkerId id, JoinRequest join, bool isLocal, string runId, string datasetSha256, GradientPool pool, WorkerMemory memory,
    EventQueue events, TimeProvider time) : IDisposable
{
    private readonly Channel<CoordinatorFrame> outgoing =
        Channel.CreateUnbounded<CoordinatorFrame>(new UnboundedChannelOptions { SingleReader = true });

    private readonly Lock telling = new();
    private readonly TaskCompletionSource<Status> closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly NodeValueReader values = new(id, join.Name, runId, pool, memory.Slots, time);
    private volatile bool isReady;
    private bool isOver;
    private long? weightsStep;
    private long lastBeat = time.GetTimestamp() - (long)(RunSession.HeartbeatInterval.TotalSeconds * time.TimestampFrequency);
    private long lastHeard = time.GetTimestamp();
    private long lastTold;

    public WorkerId Id { get; } = id;

    public string Name { get; } = join.Name;

    public ulong Incarnation { get; } = join.Incarnation;

    /// <summary>Threads that compute behind this connection.</summary>
    public int Threads { get; private set; } = (int)join.Threads;

    public bool IsLocal { get; } = isLocal;

    /// <summary>Completes when this side ends the call, with the status for the worker.</summary>
    public Task<Status> Closed => closed.Task;

    public void Send(CoordinatorMessage message) => outgoing.Writer.TryWrite(new CoordinatorFrame(message));

    /// <summary>Says "I am alive" when that is due; lets go of one that joined and then says nothing more.</summary>
    public void Pulse()
    {
        if (!isReady && time.GetElapsedTime(Volatile.Read(ref lastHeard)) > RunSession.SilenceLimit)
            Close(new Status(StatusCode.DeadlineExceeded, $"silent for more than {RunSession.SilenceLimit.TotalSeconds:0} s"));

        // The first one at once: what beats, here and there, is then compiled while the worker prepares and not while it trains.
        if (time.GetElapsedTime(lastBeat) < RunSession.HeartbeatInterval)
            return;
        lastBeat = time.GetTimestamp();
        Send(new CoordinatorMessage { Heartbeat = new Heartbeat() });
    }

    /// <summary>Whether the worker still owes values that this step's weights are for.</summary>
    public bool Owes(long step) => values.Owes(step);

    /// <summary>Whether the worker reads weights where they stand, and has to be given nothing before they are whole.</summary>
    public bool UsesSharedWeights => memory.UsesWeights;

    /// <inheritdoc cref="WorkerMemory.Shortfall"/>
    public string? Shortfall => memory.Shortfall;

    /// <summary>Gives the worker nodes, with the step's weights unless it holds them; <see cref="Ring"/> has to follow.</summary>
    public void Assign(Work work, IReadOnlyList<ShardNode> nodes, RunWeights weights)
    {
        bool needsWeights = weightsStep != work.Step;
        int? place = needsWeights && memory.UsesWeights ? weights.Share() : null;
        bool weightsFollow = needsWeights && place is null;
        Announce(work, nodes, weightsFollow, place, moreFollows: weightsFollow);
        if (weightsFollow)
            SendWeights(work.Step, weights.Current);
    }

    /// <summary>
    /// Gives the worker nodes of a step whose weights are still coming, and what has come: the others have to follow by <see cref="PassWeights"/>
    /// before it is given anything else. <see cref="Ring"/> has to follow too.
    /// </summary>
    public void AssignAhead(Work work, IReadOnlyList<ShardNode> nodes, IReadOnlyList<TensorPart[]> came)
    {
        Announce(work, nodes, weightsFollow: true, place: null, moreFollows: came.Count > 0);
        foreach (TensorPart[] parts in came)
            PassWeights(work.Step, parts);
    }

    /// <summary>Sends the next parts of a step's weights.</summary>
    /// <param name="parts">Stand where they stay until the worker has answered.</param>
    public void PassWeights(long step, TensorPart[] parts) =>
        outgoing.Writer.TryWrite(new CoordinatorFrame(new WeightsHeader { RunId = runId, Step = (ulong)step }, parts));

    private void Announce(Work work, IReadOnlyList<ShardNode> nodes, bool weightsFollow, int? place, bool moreFollows)
    {
        weightsStep = work.Step;
        var assignment = new Protos.Assignment
        {
            RunId = runId,
            Kind = work.Kind == WorkKind.Training ? Protos.WorkKind.Training : Protos.WorkKind.Evaluation,
            Epoch = (uint)work.Epoch,
            Step = (ulong)work.Step,
            WeightsFollow = weightsFollow,
            WeightsShared = place is not null,
            WeightsPlace = (uint)(place ?? 0),
        };
        foreach (ShardNode node in nodes)
            assignment.Nodes.Add(new Node { First = (uint)node.First, Count = (uint)node.Count });
        foreach (int slot in values.Ask(work, nodes, memory.UsesSlots))
            assignment.Slots.Add((uint)slot);
        var message = new CoordinatorMessage { Assignment = assignment };
        if (!memory.TryQueue(message))
            outgoing.Writer.TryWrite(new CoordinatorFrame(message) { MoreFollows = moreFollows });
    }

    /// <summary>
    /// Wakes the worker for what it was given. Only when all workers' weights stand in their memory: one that wakes may be
    /// put on this thread's core, and the others would wait for both.
    /// </summary>
    public void Ring()
    {
        if (!memory.TryRing())
            Close(new Status(StatusCode.DeadlineExceeded, $"Worker {Name} does not take what its doorbell brings."));
    }

    /// <summary>
    /// Tells that this life is over. The reader may still be at work; what it reads from now on is not told, or a worker
    /// that nobody can send away any more would be taken for ready.
    /// </summary>
    public void TellGone(string reason)
    {
        lock (telling)
        {
            isOver = true;
            events.Add(new RunEvent(new SchedulerEvent.WorkerGone(Id, reason), this));
        }

        events.Wake();
    }

    /// <summary>Ends the call with a status; frames not yet sent are dropped.</summary>
    public void Close(Status status) => closed.TrySetResult(status);

    /// <summary>Ends the call in order, after what has been queued.</summary>
    public void Finish(RunEnded message)
    {
        Send(new CoordinatorMessage { RunEnded = message });
        outgoing.Writer.TryComplete();
    }

    /// <summary>Writes what is queued until <see cref="Finish"/>.</summary>
    /// <param name="ended">No frame is begun any more.</param>
    /// <param name="stuck">A frame that was begun is given up, and the call is reset.</param>
    public async Task WriteAsync(
        IServerStreamWriter<CoordinatorFrame> responses, CancellationToken ended, CancellationToken stuck)
    {
        await foreach (CoordinatorFrame frame in outgoing.Reader.ReadAllAsync(ended))
        {
            ended.ThrowIfCancellationRequested();
            responses.WriteOptions = frame.MoreFollows ? BufferMore : null;
            await responses.WriteAsync(frame, stuck);
        }
    }

    /// <summary>Reads the worker's messages and turns them into events until it leaves.</summary>
    /// <exception cref="RpcException">A message that does not fit.</exception>
    public async Task ReadAsync(IAsyncStreamReader<WorkerFrame> requests, CancellationToken cancellation)
    {
        TensorPlaces.Use<NodeHeader>(values.PlacesOf);
        try
        {
            while (await requests.MoveNext(cancellation))
            {
                Hear();
                bool stays = Take(requests.Current);
                events.Wake();
                if (!stays)
                    return;
            }
        }
        finally
        {
            values.Abandon();
        }
    }

    private static readonly WriteOptions BufferMore = new(WriteFlags.BufferHint);

    /// <summary>Any message is a sign of life: on a narrow link heartbeats wait behind the parts of a value.</summary>
    private void Hear()
    {
        long now = time.GetTimestamp();
        Volatile.Write(ref lastHeard, now);
        if (time.GetElapsedTime(lastTold, now) < RunSession.TickInterval)
            return;
        lastTold = now;
        Tell(new RunEvent(new SchedulerEvent.WorkerHeard(Id, time.GetElapsedTime(0, now)), this));
    }

    private bool Take(WorkerFrame frame)
    {
        if (frame.Header is not null)
        {
            TakeNodeValue(frame);
            return true;
        }

        WorkerMessage message = frame.Message!;
        switch (message.ContentCase)
        {
            case WorkerMessage.ContentOneofCase.Ready:
                CheckReady(message.Ready);
                memory.Begin(message.Ready, Name, TakeRung, Close);
                Tell(new RunEvent(new SchedulerEvent.WorkerReady(Id, Name, Threads), this));
                return true;
            case WorkerMessage.ContentOneofCase.Heartbeat:
                if (message.Heartbeat.Threads > 0)
                    Count(message.Heartbeat.Threads);
                return true;
            case WorkerMessage.ContentOneofCase.EvaluationValue:
                (SchedulerEvent.NodeValueReceived received, NodeTotals totals) = values.Read(message.EvaluationValue);
                Tell(new RunEvent(received, this, null, totals));
                return true;
            case WorkerMessage.ContentOneofCase.Leaving:
                return false;
            default:
                throw new RpcException(new Status(
                    StatusCode.InvalidArgument, $"Worker {Name} sent {message.ContentCase}, which does not fit here."));
        }
    }

    /// <summary>A relay's workers come and go.</summary>
    private void Count(uint threads)
    {
        if (threads > JoinCheck.ThreadsAtMost)
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"Worker {Name} says that it has {threads} threads; at most {JoinCheck.ThreadsAtMost} fit."));
        Threads = (int)threads;
        Tell(new RunEvent(new SchedulerEvent.WorkerThreadsChanged(Id, Threads), this));
    }

    private void TakeRung(WorkerMessage message)
    {
        Hear();
        switch (message.ContentCase)
        {
            case WorkerMessage.ContentOneofCase.NodeValue when message.NodeValue.Header is { Shared: true } header:
                TakeNodeValue(new WorkerFrame(header, []));
                break;
            case WorkerMessage.ContentOneofCase.EvaluationValue:
                Take(new WorkerFrame(message));
                break;
            default:
                // It belongs to the call, whose reader may be at work on the same things.
                throw new MalformedMessageException($"{message.ContentCase}, which does not come this way");
        }
    }

    private void CheckReady(WorkerReady ready)
    {
        if (isReady)
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"Worker {Name} sent Ready twice."));
        if (ready.DatasetSha256 != datasetSha256)
        {
            throw new RpcException(new Status(
                StatusCode.FailedPrecondition,
                $"Worker {Name} holds another data set than this run's, whose SHA-256 is {datasetSha256}."));
        }

        isReady = true;
    }

    private void TakeNodeValue(WorkerFrame frame)
    {
        try
        {
            if (values.Read(frame.Header!, frame.Parts) is var (received, sum)
                && !Tell(new RunEvent(received, this, sum, sum.Totals, frame.Header)))
                pool.Return(sum);
        }
        finally
        {
            frame.Rented?.Return();
        }
    }

    private void SendWeights(long step, Parameters parameters)
    {
        var parts = new List<TensorPart>();
        for (int layer = 0; layer < parameters.Layers.Count; layer++)
            TensorFrames.Append(parts, layer, parameters.Layers[layer], full => PassWeights(step, full));
        if (parts.Count > 0)
            PassWeights(step, [.. parts]);
    }

    public void Dispose() => memory.Dispose();

    /// <returns>False once this life is over.</returns>
    private bool Tell(RunEvent happened)
    {
        lock (telling)
        {
            if (!isOver)
                events.Add(happened);
            return !isOver;
        }
    }
}
