using Backprop.Core.Data;
using Backprop.Core.Model;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using Backprop.Worker.Transport;
using Grpc.Core;

namespace Backprop.Worker;

/// <summary>
/// THE WORKER LOOP: joins a run, makes sure that it holds the data set, then sees to the values of the nodes that it is given
/// until the run ends.
/// </summary>
/// <param name="open">Makes what the values come from, once for each life: a <see cref="NodeComputer"/>, or a relay to other workers.</param>
internal sealed class TrainingWorker(
    CoordinatorLink link, JoinRequest identity, DatasetSource datasets, Func<RunPlace, Task<INodeSource>> open, Action<string> notice,
    TimeProvider time)
{
    /// <summary>How long a worker that leaves waits for its coordinator to let it go.</summary>
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(2);

    /// <summary>Whether the coordinator answered the last join.</summary>
    public bool WasWelcomed { get; private set; }

    /// <summary>One life in one run.</summary>
    /// <param name="leave">Asks the worker to leave in order.</param>
    /// <returns>How the run ended; null when the call ended before the run.</returns>
    /// <exception cref="RpcException">The connection broke, or the coordinator refused the worker.</exception>
    public async Task<RunEnded?> TakePartAsync(CancellationToken leave)
    {
        WasWelcomed = false;
        using var ended = new CancellationTokenSource();
        using var call = link.Calls.AsyncDuplexStreamingCall(TrainingCalls.Work, null, link.Options(ended.Token));
        using var incoming = new IncomingFrames();
        var outgoing = new OutgoingFrames();
        var conversation = new Conversation(call.ResponseStream, incoming, outgoing, time);
        Task computing = Task.CompletedTask;
        Task sending = Task.CompletedTask;
        Task hearing = Task.CompletedTask;
        CoordinatorMemory? memory = null;
        INodeSource? nodes = null;
        RunEnded? how = null;
        try
        {
            outgoing.Add(new WorkerMessage { Join = identity });
            sending = outgoing.WriteAsync(call.RequestStream, ended.Token);
            using CancellationTokenRegistration leaving = leave.Register(() => Leave(outgoing, ended));
            Welcome run = await conversation.ReceiveWelcomeAsync(ended.Token);
            WasWelcomed = true;
            Task<RunEnded?> receiving = conversation.ReceiveAsync(ended.Token);
            hearing = receiving;
            Task beating = conversation.SendHeartbeatsAsync(run, ended.Token);
            Task<Dataset> opening = datasets.OpenAsync(run, link, ended.Token);
            if (await Task.WhenAny(opening, receiving, beating) is var first && first != opening)
                return how = await Outcome(first, receiving);

            Dataset dataset = await opening;
            memory = CoordinatorMemory.Open(run.SharedMemory, NetworkShape.Parse(run.Layers), identity.SharedMemory);
            var place = new RunPlace(run, dataset, memory, incoming, outgoing);
            INodeSource source = nodes = await open(place);
            computing = Task.Factory.StartNew(
                () => ComputeUntilEnded(source, place, ended.Token), CancellationToken.None,
                TaskCreationOptions.LongRunning, TaskScheduler.Default);

            // The writer ends when the worker leaves, or when the call breaks, and so does the doorbell; only the reader knows why.
            first = await Task.WhenAny(receiving, beating, computing, sending);
            bool isSilent = first == sending || (first == computing && computing.IsCompletedSuccessfully);
            return how = await Outcome(isSilent ? await Task.WhenAny(receiving, beating) : first, receiving);
        }
        finally
        {
            incoming.End();
            await ended.CancelAsync();
            memory?.Doorbell?.Dispose();
            await computing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

            // Frames that are being written or read stand in memory that goes with what follows, or has a next life.
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await hearing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (nodes is not null)
            {
                await nodes.EndAsync(how);
                nodes.Dispose();
            }

            memory?.Dispose();
        }
    }

    private static async Task<RunEnded?> Outcome(Task first, Task<RunEnded?> receiving)
    {
        await first;
        return await receiving;
    }

    private static void Leave(OutgoingFrames outgoing, CancellationTokenSource ended)
    {
        outgoing.Add(new WorkerMessage { Leaving = new Leaving { Reason = "asked to stop" } });
        outgoing.Complete();
        ended.CancelAfter(LeaveLimit);
    }

    private void ComputeUntilEnded(INodeSource nodes, RunPlace place, CancellationToken ended)
    {
        CoordinatorMemory memory = place.Memory;
        nodes.Prepare(ended);
        place.Outgoing.Add(memory.Ready(place.Dataset.Sha256));
        notice($"joined run {place.Run.RunId}: {place.Run.Layers} on {place.Run.DatasetName}, {identity.Threads} threads, {memory.Transport}");
        while (true)
        {
            CoordinatorMessage? message = memory.Doorbell is null ? place.Incoming.Take().Message : memory.Doorbell.Receive(CoordinatorMessage.Parser);
            if (message is null && memory.Doorbell is not null)
                return;
            nodes.Compute(message?.Assignment ?? throw new MalformedMessageException("weights that no assignment announced"), ended);
        }
    }
}
