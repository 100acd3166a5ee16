using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Protos;
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
        CoordinatorMemory? memory = null;
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
            memory = CoordinatorMemory.Open(run.SharedMemory, NetworkShape.Parse(run.Layers), identity.SharedMemory);
            computing = Task.Factory.StartNew(
                () => ComputeUntilEnded(run, dataset, memory, incoming, outgoing, ended.Token), CancellationToken.None,
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
            memory?.Doorbell?.Dispose();
            await computing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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

    private void ComputeUntilEnded(
        Welcome run, Dataset dataset, CoordinatorMemory memory, IncomingFrames incoming, OutgoingFrames outgoing, CancellationToken ended)
    {
        using var computer = new NodeComputer(run, dataset, team, memory, incoming, outgoing);
        computer.Prepare();
        outgoing.Add(memory.Ready(dataset.Sha256));
        notice($"joined run {run.RunId}: {run.Layers} on {run.DatasetName}, {identity.Threads} threads, {memory.Transport}");
        while (true)
        {
            CoordinatorMessage? message = memory.Doorbell is null ? incoming.Take().Message : memory.Doorbell.Receive(CoordinatorMessage.Parser);
            if (message is null && memory.Doorbell is not null)
                return;
            computer.Compute(
                message?.Assignment ?? throw new MalformedMessageException("weights that no assignment announced"), ended);
        }
    }
}
