using System.Runtime.InteropServices;
using Backprop.Core.Model;
using Backprop.Protos;
using Backprop.Protos.SharedMemory;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>The slots that a <see cref="PlainWorker"/> was offered for its values, in memory that it shares with the coordinator.</summary>
internal sealed class PlainSlots : IDisposable
{
    private readonly SharedModels slots;

    public PlainSlots(Welcome run)
    {
        SharedMemoryOffer offer = Assert.IsType<SharedMemoryOffer>(run.SharedMemory);
        slots = Assert.IsType<SharedModels>(SharedModels.TryOpen(
            offer.Path, offer.Key.Span, NetworkShape.Parse(run.Layers), (int)offer.Slots, isWritable: true));
    }

    public void Dispose() => slots.Dispose();

    /// <summary>Moves a message's numbers into the slot for its node.</summary>
    /// <returns>Whether the message is to be sent: the last of a value alone.</returns>
    public bool Put(Assignment assignment, NodeValue value)
    {
        Parameters slot = slots[(int)assignment.Slots[assignment.Nodes.IndexOf(value.Header.Node)]];
        foreach (TensorSegment segment in value.Segments)
            MemoryMarshal.Cast<byte, float>(segment.Values.Span).CopyTo(slot.Layers[(int)segment.Layer].Numbers.Span[(int)segment.Offset..]);
        value.Segments.Clear();
        value.Header.Shared = true;
        return value.Header.Totals is not null;
    }
}
