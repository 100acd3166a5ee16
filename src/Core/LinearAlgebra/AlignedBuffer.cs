namespace Backprop.Core.LinearAlgebra;

/// <summary>Scratch memory that starts on a cache line and does not move; it grows on demand and is then reused.</summary>
internal sealed unsafe class AlignedBuffer
{
    private const int LineBytes = 64;

    private float[] storage = [];

    /// <summary>Memory for at least <paramref name="length"/> elements, of undefined content. Valid until the next call.</summary>
    public float* Reserve(int length)
    {
        int withSlack = length + (LineBytes / sizeof(float));
        if (storage.Length < withSlack)
            storage = GC.AllocateUninitializedArray<float>(withSlack + (withSlack / 4), pinned: true);

        nuint address = (nuint)System.Runtime.CompilerServices.Unsafe.AsPointer(
            ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(storage));
        return (float*)((address + LineBytes - 1) & ~(nuint)(LineBytes - 1));
    }
}
