using System.Buffers;

namespace Backprop.Protos.SharedMemory;

/// <summary>Numbers in mapped memory. Whoever uses them sees to it that they stay mapped.</summary>
internal sealed unsafe class SharedNumbers(float* start, int length) : MemoryManager<float>
{
    public override Span<float> GetSpan() => new(start, length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(start + elementIndex);

    public override void Unpin()
    {
        // Mapped memory does not move.
    }

    protected override void Dispose(bool disposing)
    {
        // The mapping is the file's.
    }
}
