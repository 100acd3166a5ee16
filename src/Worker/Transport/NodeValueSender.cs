using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using WorkerFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.WorkerMessage, Backprop.Protos.NodeHeader>;

namespace Backprop.Worker.Transport;

/// <summary>Sends a node's layers as soon as they exist, the last layer first; small layers wait to share a frame.</summary>
internal sealed class NodeValueSender(OutgoingFrames outgoing, string runId) : INodeValueSink, IDisposable
{
    private readonly Dictionary<ShardNode, List<TensorPart>> unsent = [];
    private readonly CountdownEvent unwritten = new(1);
    private uint epoch;
    private ulong step;

    /// <summary>Names the step of the values to come.</summary>
    public void Begin(uint epochNumber, ulong stepNumber)
    {
        epoch = epochNumber;
        step = stepNumber;
        unsent.Clear();
    }

    public void LayerReady(ShardNode node, int layer, LayerParameters sum)
    {
        if (!unsent.TryGetValue(node, out List<TensorPart>? parts))
            unsent[node] = parts = [];
        TensorFrames.Append(parts, layer, sum, full => Send(node, full, null));
    }

    public void NodeReady(ShardNode node, NodeTotals totals)
    {
        Send(node, [.. unsent[node]], new Totals
        {
            ExampleCount = (uint)totals.ExampleCount,
            CorrectCount = (uint)totals.CorrectCount,
            Cost = totals.Cost,
        });
        unsent.Remove(node);
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

    private void Send(ShardNode node, TensorPart[] parts, Totals? totals)
    {
        unwritten.AddCount();
        var header = new NodeHeader
        {
            RunId = runId,
            Epoch = epoch,
            Step = step,
            Node = new Node { First = (uint)node.First, Count = (uint)node.Count },
            Totals = totals,
        };
        outgoing.Add(new WorkerFrame(header, parts) { Sent = () => unwritten.Signal() });
    }
}
