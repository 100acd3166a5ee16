using Microsoft.Win32.SafeHandles;

namespace Backprop.Protos.SharedMemory;

/// <summary>Keeps memory mapped while numbers are copied, whoever disposes of the mapping meanwhile.</summary>
internal readonly ref struct MemoryHold : IDisposable
{
    private readonly SafeMemoryMappedViewHandle memory;

    /// <exception cref="ObjectDisposedException">It is not mapped any more.</exception>
    public MemoryHold(SafeMemoryMappedViewHandle memory)
    {
        bool held = false;
        memory.DangerousAddRef(ref held);
        this.memory = memory;
    }

    public void Dispose() => memory.DangerousRelease();
}
