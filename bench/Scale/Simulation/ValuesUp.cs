using Backprop.Core.Sharding;

namespace Backprop.Scale.Simulation;

/// <summary>Takes the values of nodes in, message by message.</summary>
internal interface IValuesTaker
{
    void TakeValue(ShardNode node, int frame);
}

/// <summary>The values' way from a worker or a relay to where it has joined.</summary>
internal sealed class ValuesUp(Connection way, IValuesTaker above, FrameCut cut)
{
    public void Send(ShardNode node, int frame) => way.Send(cut.BytesOf(frame), () => above.TakeValue(node, frame));
}
