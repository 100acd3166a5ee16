using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using Backprop.Protos.Tensors;
using WorkerFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.WorkerMessage, Backprop.Protos.NodeHeader>;

namespace Backprop.Worker.Transport;

/// <summary>
/// Hands a node's layers on as soon as they exist, the last layer first, in frames, where small layers wait to share one. Those that
/// have a slot of shared memory arise there, and only the word that they are whole is sent.
/// </summary>
/// <param name="tellTime">Writes into a value's last header how long it took to compute.</param>
internal sealed class NodeValueSender(
    OutgoingFrames outgoing, string runId, SharedModels? shared, Doorbell? doorbell, Action<NodeHeader> tellTime)
    : INodeValueSink, IDisposable
{
    private readonly Dictionary<ShardNode, List<TensorPart>> unsent = [];
    private readonly Dictionary<ShardNode, int> slots = [];
    private readonly CountdownEvent unwritten = new(1);
    private uint epoch;
    private ulong step;

    public NodeValueSender(RunPlace place, Action<NodeHeader> tellTime)
        : this(place.Outgoing, place.Run.RunId, place.Memory.Slots, place.Memory.Doorbell, tellTime)
    {
    }

    /// <summary>Names the step of the values to come.</summary>
    /// <param name="nodeSlots">A slot for each node; none when the values are to be sent.</param>
    public void Begin(uint epochNumber, ulong stepNumber, IReadOnlyList<ShardNode> nodes, IReadOnlyList<uint> nodeSlots)
    {
        epoch = epochNumber;
        step = stepNumber;
        unsent.Clear();
        slots.Clear();
        for (int i = 0; i < nodes.Count && i < nodeSlots.Count; i++)
        {
            slots.Add(nodes[i], nodeSlots[i] < (shared?.Count ?? 0)
                ? (int)nodeSlots[i]
                : throw new MalformedMessageException($"slot {nodeSlots[i]} of shared memory, which this worker has not mapped"));
        }
    }

    public IReadOnlyList<LayerParameters>? PlaceOf(ShardNode node) =>
        slots.TryGetValue(node, out int slot) ? shared![slot].Layers : null;

    public void LayerReady(ShardNode node, int layer, LayerParameters sum)
    {
        if (slots.ContainsKey(node))
            return;

        if (!unsent.TryGetValue(node, out List<TensorPart>? parts))
            unsent[node] = parts = [];
        TensorFrames.Append(parts, layer, sum, full => Send(node, full, null));
    }

    public void NodeReady(ShardNode node, NodeTotals totals)
    {
        Send(node, unsent.TryGetValue(node, out List<TensorPart>? parts) ? [.. parts] : [], MessageOf(totals));
        unsent.Remove(node);
    }

    /// <summary>Sends what an evaluation's node counts.</summary>
    public void EvaluationReady(ulong evaluatedStep, ShardNode node, NodeTotals totals)
    {
        var message = new WorkerMessage
        {
            EvaluationValue = new EvaluationValue
            {
                RunId = runId,
                Step = evaluatedStep,
                Node = MessageOf(node),
                Totals = MessageOf(totals),
            },
        };
        if (doorbell is null)
            outgoing.Add(message);
        else
            Ring(doorbell, message);
    }

    /// <summary>Waits until the numbers of all values have been copied out, so that their arrays may change.</summary>
    /// <exception cref="OperationCanceledException">The connection ended.</exception>
    public void WaitUntilWritten(CancellationToken ended)
    {
        unwritten.Signal();
        unwritten.Wait(ended);
        unwritten.Reset();
    }

    public void Dispose() => unwritten.Dispose();

    private static Node MessageOf(ShardNode node) => new() { First = (uint)node.First, Count = (uint)node.Count };

    private static Totals MessageOf(NodeTotals totals) => new()
    {
        ExampleCount = (uint)totals.ExampleCount,
        CorrectCount = (uint)totals.CorrectCount,
        Cost = totals.Cost,
    };

    /// <summary>Sends, or hangs up, so that the coordinator ends the call: who only seems to send would be waited for as long as it says that it is alive.</summary>
    private static void Ring(Doorbell doorbell, WorkerMessage message)
    {
        if (!doorbell.TrySend(message))
            doorbell.Dispose();
    }

    private void Send(ShardNode node, TensorPart[] parts, Totals? totals)
    {
        bool isShared = slots.ContainsKey(node);
        var header = new NodeHeader
        {
            RunId = runId,
            Epoch = epoch,
            Step = step,
            Node = MessageOf(node),
            Totals = totals,
            Shared = isShared,
        };
        if (totals is not null)
            tellTime(header);
        if (isShared && doorbell is not null)
        {
            Ring(doorbell, new WorkerMessage { NodeValue = new NodeValue { Header = header } });
            return;
        }

        unwritten.AddCount();
        outgoing.Add(new WorkerFrame(header, parts) { Sent = () => unwritten.Signal() });
    }
}
