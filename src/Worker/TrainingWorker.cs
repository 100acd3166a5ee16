using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using Backprop.Protos.Tensors;
using Backprop.Worker.Transport;
using Grpc.Core;

namespace Backprop.Worker;

/// <summary>
/// THE WORKER LOOP: joins a run, makes sure that it holds the data set, then computes the nodes that it is given until
/// the run ends.
/// </summary>
internal sealed class TrainingWorker(
    CoordinatorLink link, JoinRequest identity, ThreadTeam team, string cacheDirectory, Action<string> notice,
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
        SharedModels? slots = null;
        SharedModels? weights = null;
        Doorbell? doorbell = null;
        try
        {
            outgoing.Add(new WorkerMessage { Join = identity });
            Task sending = outgoing.WriteAsync(call.RequestStream, ended.Token);
            using CancellationTokenRegistration leaving = leave.Register(() => Leave(outgoing, ended));
            Welcome run = await conversation.ReceiveWelcomeAsync(ended.Token);
            WasWelcomed = true;
            Task<RunEnded?> receiving = conversation.ReceiveAsync(ended.Token);
            Task beating = conversation.SendHeartbeatsAsync(run, ended.Token);
            Task<Dataset> opening = DatasetSource.OpenAsync(run, link, cacheDirectory, notice, ended.Token);
            if (await Task.WhenAny(opening, receiving, beating) is var first && first != opening)
                return await Outcome(first, receiving);

            Dataset dataset = await opening;
            (slots, weights) = Map(run.SharedMemory, NetworkShape.Parse(run.Layers));
            doorbell = slots is null ? null : Doorbell.TryConnect(run.SharedMemory.Doorbell, slots.Key);
            computing = Task.Factory.StartNew(
                () => ComputeUntilEnded(run, dataset, slots, weights, doorbell, incoming, outgoing, ended.Token), CancellationToken.None,
                TaskCreationOptions.LongRunning, TaskScheduler.Default);

            // The writer ends when the worker leaves, or when the call breaks, and so does the doorbell; only the reader knows why.
            first = await Task.WhenAny(receiving, beating, computing, sending);
            bool isSilent = first == sending || (first == computing && computing.IsCompletedSuccessfully);
            return await Outcome(isSilent ? await Task.WhenAny(receiving, beating) : first, receiving);
        }
        finally
        {
            incoming.End();
            await ended.CancelAsync();
            doorbell?.Dispose();
            await computing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            slots?.Dispose();
            weights?.Dispose();
        }
    }

    /// <summary>The memory that a coordinator on this machine offers; null where tensors are to travel over gRPC.</summary>
    private static (SharedModels? Slots, SharedModels? Weights) Map(SharedMemoryOffer? offer, NetworkShape shape)
    {
        if (offer is null)
            return (null, null);
        SharedModels? slots = SharedModels.TryOpen(offer.Path, offer.Key.Span, shape, (int)Math.Min(offer.Slots, int.MaxValue), isWritable: true);
        return (slots, slots is null ? null : SharedModels.TryOpen(
            offer.WeightsPath, offer.WeightsKey.Span, shape, (int)Math.Min(offer.WeightsPlaces, int.MaxValue), isWritable: false));
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

    private void ComputeUntilEnded(
        Welcome run, Dataset dataset, SharedModels? slots, SharedModels? weights, Doorbell? doorbell, IncomingFrames incoming,
        OutgoingFrames outgoing, CancellationToken ended)
    {
        using var computer = new NodeComputer(run, dataset, team, slots, weights, doorbell, incoming, outgoing);
        computer.Prepare();
        outgoing.Add(new WorkerMessage
        {
            Ready = new WorkerReady
            {
                DatasetSha256 = dataset.Sha256,
                SharedMemory = slots is not null,
                SharedWeights = weights is not null,
                Doorbell = doorbell is not null,
            },
        });
        notice($"joined run {run.RunId}: {run.Layers} on {run.DatasetName}, {identity.Threads} threads");
        while (true)
        {
            CoordinatorMessage? message = doorbell is null ? incoming.Take().Message : doorbell.Receive(CoordinatorMessage.Parser);
            if (message is null && doorbell is not null)
                return;
            computer.Compute(
                message?.Assignment ?? throw new MalformedMessageException("weights that no assignment announced"), ended);
        }
    }
}
