using System.Diagnostics;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Protos;

namespace Backprop.Worker;

/// <summary>Stands between the computation and its weights and values, and notes how long each layer took.</summary>
internal sealed class StepTrace(IParameterGate gate, INodeValueSink sink, ComputingTime computing) : IParameterGate, INodeValueSink
{
    private long since;
    private int layersBegun;

    public bool IsOpen => gate.IsOpen;

    /// <summary>An assignment has come.</summary>
    public void Begin()
    {
        since = computing.Begun;
        layersBegun = 0;
    }

    public void WaitForLayer(int layer)
    {
        if (layersBegun == 0)
            End(TraceActivity.Gather, 0);
        else if (layersBegun == layer)
            End(TraceActivity.Forward, layer - 1);
        long waited = computing.Waited;
        gate.WaitForLayer(layer);
        if (computing.Waited > waited)
            End(TraceActivity.Wait, layer);
        layersBegun = layer + 1;
    }

    public IReadOnlyList<LayerParameters>? PlaceOf(ShardNode node) => sink.PlaceOf(node);

    public void ForwardReady()
    {
        End(TraceActivity.Forward, layersBegun - 1);
        sink.ForwardReady();
    }

    public void LayerReady(ShardNode node, int layer, LayerParameters sum)
    {
        End(TraceActivity.Backward, layer);
        sink.LayerReady(node, layer, sum);
        End(TraceActivity.HandOut, layer);
    }

    public void NodeReady(ShardNode node, NodeTotals totals) => sink.NodeReady(node, totals);

    private void End(TraceActivity activity, int layer)
    {
        long now = Stopwatch.GetTimestamp();
        computing.Add(activity, layer, since, now);
        since = now;
    }
}
