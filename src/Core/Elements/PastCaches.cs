using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Backprop.Core.Elements;

/// <summary>
/// Copies numbers to where other cores read them, without fetching what stood there. A core that writes a cache line as usual first has
/// to have it from whichever core or memory holds it, which takes several times as long as the copy where cores lie far apart.
/// </summary>
internal static class PastCaches
{
    private const int Line = 64;

    /// <summary>target ← source; <see cref="Publish"/> has to follow before anybody else is told.</summary>
    public static unsafe void Copy(ReadOnlySpan<float> source, Span<float> target)
    {
        fixed (float* first = &MemoryMarshal.GetReference(target))
        {
            int head = Math.Min(source.Length, (int)(-(nint)first & (Line - 1)) / sizeof(float));
            source[..head].CopyTo(target);
            int i = head;
            if (Vector512.IsHardwareAccelerated)
            {
                for (; i + Vector512<float>.Count <= source.Length; i += Vector512<float>.Count)
                    Vector512.Create(source.Slice(i, Vector512<float>.Count)).StoreAlignedNonTemporal(first + i);
            }
            else if (Vector256.IsHardwareAccelerated)
            {
                for (; i + Vector256<float>.Count <= source.Length; i += Vector256<float>.Count)
                    Vector256.Create(source.Slice(i, Vector256<float>.Count)).StoreAlignedNonTemporal(first + i);
            }

            source[i..].CopyTo(target[i..]);
        }
    }

    /// <summary>What this thread has copied is seen before whatever it writes from now on.</summary>
    public static void Publish() => Interlocked.MemoryBarrier();
}
