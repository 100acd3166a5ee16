using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
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

    public override void CopyTo(int example, Span<float> column)
    {
        ReadOnlySpan<byte> source = values.AsSpan(checked(example * InputCount), InputCount);
        column = column[..source.Length];
        ref byte from = ref MemoryMarshal.GetReference(source);
        ref float to = ref MemoryMarshal.GetReference(column);
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            Vector256<float> divisor = Vector256.Create((float)Divisor);
            Vector256<float> reciprocal = Vector256.Create(1f / Divisor);
            for (; i <= source.Length - Vector128<byte>.Count; i += Vector128<byte>.Count)
            {
                Vector256<ushort> wide = Widen(Vector128.LoadUnsafe(ref from, (nuint)i));
                (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(wide);
                Quotient(Vector256.ConvertToSingle(low.AsInt32()), divisor, reciprocal).StoreUnsafe(ref to, (nuint)i);
                Quotient(Vector256.ConvertToSingle(high.AsInt32()), divisor, reciprocal).StoreUnsafe(ref to, (nuint)i + 8);
            }
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            Vector128<float> divisor = Vector128.Create((float)Divisor);
            Vector128<float> reciprocal = Vector128.Create(1f / Divisor);
            for (; i <= source.Length - 8; i += 8)
            {
                Vector128<byte> eight = Vector64.LoadUnsafe(ref from, (nuint)i).ToVector128Unsafe();
                (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Vector128.WidenLower(eight));
                Quotient(Vector128.ConvertToSingle(low.AsInt32()), divisor, reciprocal).StoreUnsafe(ref to, (nuint)i);
                Quotient(Vector128.ConvertToSingle(high.AsInt32()), divisor, reciprocal).StoreUnsafe(ref to, (nuint)i + 4);
            }
        }

        for (; i < source.Length; i++)
            column[i] = (float)source[i] / Divisor;
    }

    public override void Prefetch(int example) =>
        MemoryPrefetch.Read(values.AsSpan(example * InputCount, InputCount));

    /// <summary>
    /// value / divisor, rounded once, in three products where a division takes as long as ten: a product with the reciprocal, and what it leaves over
    /// added to it. Of the few values and divisors there are each comes out so.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Quotient(Vector256<float> value, Vector256<float> divisor, Vector256<float> reciprocal)
    {
        if (!Fma.IsSupported)
            return value / divisor;
        Vector256<float> near = value * reciprocal;
        return Vector256.FusedMultiplyAdd(Vector256.FusedMultiplyAdd(-near, divisor, value), reciprocal, near);
    }

    /// <inheritdoc cref="Quotient(Vector256{float}, Vector256{float}, Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Quotient(Vector128<float> value, Vector128<float> divisor, Vector128<float> reciprocal)
    {
        if (!Fma.IsSupported && !AdvSimd.IsSupported)
            return value / divisor;
        Vector128<float> near = value * reciprocal;
        return Vector128.FusedMultiplyAdd(Vector128.FusedMultiplyAdd(-near, divisor, value), reciprocal, near);
    }

    private static Vector256<ushort> Widen(Vector128<byte> bytes)
    {
        (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(bytes);
        return Vector256.Create(low, high);
    }
}
