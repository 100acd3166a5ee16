using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Backprop.Core.Data;

/// <summary>
/// Starts the way of memory into the cache. Examples lie anywhere in the data set, so the processor cannot guess the
/// next one, and each would be waited for.
/// </summary>
internal static unsafe class MemoryPrefetch
{
    private const int LineBytes = 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Read(ReadOnlySpan<byte> bytes)
    {
        if (!Sse.IsSupported)
            return;
        ref byte start = ref MemoryMarshal.GetReference(bytes);
        // An address is only a wish: it may be stale after the memory has moved.
        byte* address = (byte*)Unsafe.AsPointer(ref start);
        for (int offset = 0; offset < bytes.Length; offset += LineBytes)
            Sse.Prefetch0(address + offset);
    }
}
