using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Backprop.Core.Data;

/// <summary>
/// Grey values as bytes, a quarter of their size as floats: a column is widened and scaled when it is gathered.
/// An input is (float)byte / divisor, one exactly rounded division, so its bits do not depend on the vector width.
/// </summary>
internal sealed class ByteInputs : ExampleInputs
{
    private readonly byte[] values;

    public ByteInputs(byte[] values, int divisor, int inputCount)
        : base(inputCount, values.Length, "bytes")
    {
        if (divisor is < 1 or > 255)
            throw new ArgumentException($"A divisor of {divisor}; from 1 to 255 fit.");
        this.values = values;
        Divisor = divisor;
    }

    public override int Divisor { get; }

    public ReadOnlyMemory<byte> Values => values;

    public override void CopyTo(int example, Span<float> column) => Scale(Of(example), column, []);

    public override void CopyTo(int example, Span<float> column, int soon) => Scale(Of(example), column, Of(soon));

    public override void Prefetch(int example) => MemoryPrefetch.Read(Of(example));

    private ReadOnlySpan<byte> Of(int example) => values.AsSpan(checked(example * InputCount), InputCount);

    /// <param name="soon">A line of it is asked for with each line that is widened: more at once wait for each other.</param>
    private void Scale(ReadOnlySpan<byte> source, Span<float> column, ReadOnlySpan<byte> soon)
    {
        column = column[..source.Length];
        ref byte from = ref MemoryMarshal.GetReference(source);
        ref float to = ref MemoryMarshal.GetReference(column);
        int i = 0;
        if (Avx512F.IsSupported)
        {
            Vector512<float> divisor = Vector512.Create((float)Divisor);
            Vector512<float> reciprocal = Vector512.Create(1f / Divisor);
            for (; i <= source.Length - Vector128<byte>.Count; i += Vector128<byte>.Count)
            {
                AskFor(soon, i);
                Vector512<int> wide = Avx512F.ConvertToVector512Int32(Vector128.LoadUnsafe(ref from, (nuint)i));
                Quotient(Vector512.ConvertToSingle(wide), divisor, reciprocal).StoreUnsafe(ref to, (nuint)i);
            }
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Vector256<float> divisor = Vector256.Create((float)Divisor);
            for (; i <= source.Length - Vector128<byte>.Count; i += Vector128<byte>.Count)
            {
                AskFor(soon, i);
                Vector256<ushort> wide = Widen(Vector128.LoadUnsafe(ref from, (nuint)i));
                (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(wide);
                (Vector256.ConvertToSingle(low.AsInt32()) / divisor).StoreUnsafe(ref to, (nuint)i);
                (Vector256.ConvertToSingle(high.AsInt32()) / divisor).StoreUnsafe(ref to, (nuint)i + 8);
            }
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            Vector128<float> divisor = Vector128.Create((float)Divisor);
            for (; i <= source.Length - 8; i += 8)
            {
                AskFor(soon, i);
                Vector128<byte> eight = Vector64.LoadUnsafe(ref from, (nuint)i).ToVector128Unsafe();
                (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Vector128.WidenLower(eight));
                (Vector128.ConvertToSingle(low.AsInt32()) / divisor).StoreUnsafe(ref to, (nuint)i);
                (Vector128.ConvertToSingle(high.AsInt32()) / divisor).StoreUnsafe(ref to, (nuint)i + 4);
            }
        }

        if (i < soon.Length)
            MemoryPrefetch.Read(soon[i..]);
        for (; i < source.Length; i++)
            column[i] = (float)source[i] / Divisor;
    }

    /// <summary>Asks for the line that begins at an offset, if one does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AskFor(ReadOnlySpan<byte> soon, int offset)
    {
        if (offset % MemoryPrefetch.LineBytes == 0 && offset < soon.Length)
            MemoryPrefetch.Read(ref Unsafe.Add(ref MemoryMarshal.GetReference(soon), offset));
    }

    /// <summary>
    /// value / divisor, rounded once, sooner than a division is there: a product with the reciprocal, and what it leaves over added to it. Of the few
    /// values and divisors there are each comes out so.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Quotient(Vector512<float> value, Vector512<float> divisor, Vector512<float> reciprocal)
    {
        Vector512<float> near = value * reciprocal;
        return Vector512.FusedMultiplyAdd(Avx512F.FusedMultiplyAddNegated(near, divisor, value), reciprocal, near);
    }

    private static Vector256<ushort> Widen(Vector128<byte> bytes)
    {
        (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(bytes);
        return Vector256.Create(low, high);
    }
}
