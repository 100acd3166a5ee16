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
    /// <summary>Bytes of a cache line.</summary>
    public const int LineBytes = 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Read(ReadOnlySpan<byte> bytes)
    {
        if (!Sse.IsSupported)
            return;
        ref byte start = ref MemoryMarshal.GetReference(bytes);
        for (nuint offset = 0; offset < (nuint)bytes.Length; offset += LineBytes)
            Read(ref Unsafe.Add(ref start, offset));
    }

    /// <summary>One cache line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Read(ref byte address)
    {
        // An address is only a wish: it may be stale after the memory has moved.
        if (Sse.IsSupported)
            Sse.Prefetch0(Unsafe.AsPointer(ref address));
    }
}
