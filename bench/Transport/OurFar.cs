using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Protos;
using Backprop.Worker;
using Backprop.Worker.Transport;

namespace Backprop.Transport;

/// <summary>
/// The worker's side of <see cref="OurWay"/>: the worker's own link, conversation, gate for weights and sender of values, with
/// nothing computed between the last weights and the first sums. Where memory is shared, weights are copied out of it and sums
/// into it, as reading and computing them would touch every number.
/// </summary>
internal static class OurFar
{
    public static async Task AnswerAsync(Uri coordinator, NetworkShape shape, bool sharesMemory, ExchangeCount count)
    {
        var options = new WorkerOptions(coordinator, "far", 1, null, null, null, null, null, EndWithInput: false, sharesMemory, Relay: null);
        using var link = new CoordinatorLink(options);
        using var ended = new CancellationTokenSource();
        using var call = link.Calls.AsyncDuplexStreamingCall(TrainingCalls.Work, null, link.Options(ended.Token));
        using var incoming = new IncomingFrames();
        var outgoing = new OutgoingFrames();
        var conversation = new Conversation(call.ResponseStream, incoming, outgoing, TimeProvider.System);
        outgoing.Add(new WorkerMessage
        {
            Join = new JoinRequest { ProtocolVersion = ProtocolVersion.Current, Name = "far", Incarnation = 1, Threads = 1, SharedMemory = sharesMemory },
        });
        _ = outgoing.WriteAsync(call.RequestStream, ended.Token);
        Welcome run = await conversation.ReceiveWelcomeAsync(ended.Token);
        Task<RunEnded?> receiving = conversation.ReceiveAsync(ended.Token);
        Task beating = conversation.SendHeartbeatsAsync(run, ended.Token);
        using CoordinatorMemory memory = CoordinatorMemory.Open(run.SharedMemory, shape, sharesMemory);
        if (sharesMemory && (memory.Slots is null || memory.Weights is null || memory.Doorbell is null))
            throw new TransportException($"Memory is not shared: {memory.Transport}");
        Task answering = Task.Factory.StartNew(
            () => AnswerUntilEnded(run, shape, memory, incoming, outgoing, count, ended.Token), CancellationToken.None,
            TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await await Task.WhenAny(receiving, beating, answering);
        incoming.End();
        await ended.CancelAsync();
        memory.Doorbell?.Dispose();
        await answering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static void AnswerUntilEnded(
        Welcome run, NetworkShape shape, CoordinatorMemory memory, IncomingFrames incoming, OutgoingFrames outgoing, ExchangeCount count,
        CancellationToken ended)
    {
        var parameters = new Parameters(shape);
        Parameters gradient = ParameterInitializers.Create("scaled-gaussian", shape, seed: 2);
        var computing = new ComputingTime();
        var weights = new WeightsGate(incoming, run.RunId, computing);
        using var sender = new NodeValueSender(outgoing, run.RunId, memory.Slots, memory.Doorbell, computing.Tell);
        outgoing.Add(memory.Ready(run.DatasetSha256));
        while ((memory.Doorbell is null ? incoming.Take().Message : memory.Doorbell.Receive(CoordinatorMessage.Parser)) is { Assignment: { } assignment })
        {
            computing.Begin();
            if (assignment.WeightsFollow)
                weights.Expect(assignment.Step, parameters);
            else
                memory.Weights![(int)assignment.WeightsPlace].CopyTo(parameters);
            weights.WaitForAll();
            var node = new ShardNode((int)assignment.Nodes[0].First, (int)assignment.Nodes[0].Count);
            sender.Begin(assignment.Epoch, assignment.Step, [node], assignment.Slots);
            IReadOnlyList<LayerParameters>? slot = sender.PlaceOf(node);
            for (int layer = shape.LayerCount - 1; layer >= 0; layer--)
            {
                if (slot is not null)
                    gradient.Layers[layer].CopyTo(slot[layer]);
                sender.LayerReady(node, layer, gradient.Layers[layer]);
            }

            sender.NodeReady(node, new NodeTotals(1, 0, 0));
            sender.WaitUntilWritten(ended);
            count.Add();
        }
    }
}
