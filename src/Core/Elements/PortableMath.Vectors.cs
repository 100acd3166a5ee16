using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Backprop.Core.Elements;

/// <content>The same functions for many numbers, four at once: the same operations, so the same bits.</content>
public static partial class PortableMath
{
    // The exponent's bits of 2⁵²: as integer it carries the low bits of what it is added to as a double.
    private const double IntegerCarrier = 1L << FractionBits;
    private const long FractionMask = (1L << FractionBits) - 1;
    private const long BitsOfOne = (long)ExponentBias << FractionBits;

    /// <summary>Each x becomes eˣ.</summary>
    public static void Exp(Span<double> values)
    {
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref double first = ref MemoryMarshal.GetReference(values);
            for (; i <= values.Length - Vector256<double>.Count; i += Vector256<double>.Count)
                Exp(Vector256.LoadUnsafe(ref first, (nuint)i)).StoreUnsafe(ref first, (nuint)i);
        }

        for (; i < values.Length; i++)
            values[i] = Exp(values[i]);
    }

    /// <summary>Each x, at least 0, becomes ln(1 + x).</summary>
    public static void LogOnePlus(Span<double> values)
    {
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref double first = ref MemoryMarshal.GetReference(values);
            for (; i <= values.Length - Vector256<double>.Count; i += Vector256<double>.Count)
            {
                Vector256<double> x = Vector256.LoadUnsafe(ref first, (nuint)i);
                // Not so for NaN either.
                if (Vector256.GreaterThanOrEqualAll(x, Vector256<double>.Zero)
                    && Vector256.LessThanAll(x, Vector256.Create(double.MaxValue)))
                {
                    LogOnePlus(x).StoreUnsafe(ref first, (nuint)i);
                    continue;
                }

                for (int lane = i; lane < i + Vector256<double>.Count; lane++)
                    values[lane] = LogOnePlus(values[lane]);
            }
        }

        for (; i < values.Length; i++)
            values[i] = LogOnePlus(values[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Exp(Vector256<double> given)
    {
        Vector256<double> lowest = Vector256.Create(LowestExponent);
        Vector256<double> highest = Vector256.Create(HighestExponent);
        Vector256<double> x = Vector256.ConditionalSelect(Vector256.LessThan(given, lowest), lowest, given);
        x = Vector256.ConditionalSelect(Vector256.GreaterThan(x, highest), highest, x);
        // Halves to even numbers; with that said as an argument it would be a call and no instruction.
        Vector256<double> n = Vector256.Round(x / Vector256.Create(Ln2));
        Vector256<double> r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Ln2High), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Ln2Low), r);
        // 1/k!, k from 13 down: what the other Exp takes from inverseFactorials, as constants in its place.
        Vector256<double> series = Vector256.Create(1.0 / 6227020800);
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(1.0 / 479001600));
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(1.0 / 39916800));
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(1.0 / 3628800));
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(1.0 / 362880));
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(1.0 / 40320));
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(1.0 / 5040));
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(1.0 / 720));
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(1.0 / 120));
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(1.0 / 24));
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(1.0 / 6));
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(1.0 / 2));
        series = Vector256.FusedMultiplyAdd(series, r, Vector256<double>.One);
        series = Vector256.FusedMultiplyAdd(series, r, Vector256<double>.One);

        Vector256<double> half = Vector256.Truncate(n * 0.5);
        Vector256<double> result = series * PowerOfTwo(half) * PowerOfTwo(n - half);
        return Vector256.ConditionalSelect(Vector256.Equals(given, given), result, given);
    }

    /// <param name="x">From 0 on, finite.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> LogOnePlus(Vector256<double> x)
    {
        Vector256<double> one = Vector256.Create(1.0);
        Vector256<double> sum = one + x;
        return LogOfNormal(sum) + ((x - (sum - one)) / sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> LogOfNormal(Vector256<double> x)
    {
        Vector256<double> one = Vector256.Create(1.0);
        Vector256<long> bits = x.AsInt64();
        Vector256<double> carried =
            (Vector256.ShiftRightLogical(bits, FractionBits) | Vector256.Create(IntegerCarrier).AsInt64()).AsDouble();
        Vector256<double> exponent = carried - Vector256.Create(IntegerCarrier + ExponentBias);
        Vector256<double> m = ((bits & Vector256.Create(FractionMask)) | Vector256.Create(BitsOfOne)).AsDouble();
        Vector256<double> isLarge = Vector256.GreaterThan(m, Vector256.Create(SquareRootOf2));
        m = Vector256.ConditionalSelect(isLarge, m * 0.5, m);
        exponent = Vector256.ConditionalSelect(isLarge, exponent + one, exponent);

        Vector256<double> f = (m - one) / (m + one);
        Vector256<double> square = f * f;
        Vector256<double> series = Vector256.Create(inversePowers[LastOddPower]);
        for (int power = LastOddPower - 2; power >= 3; power -= 2)
            series = Vector256.FusedMultiplyAdd(series, square, Vector256.Create(inversePowers[power]));
        Vector256<double> twice = f * 2.0;
        Vector256<double> logarithm = Vector256.FusedMultiplyAdd(twice * square, series, twice);
        // With exponent 0 this is the logarithm itself, to the bit.
        return (exponent * Ln2High) + ((exponent * Ln2Low) + logarithm);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> PowerOfTwo(Vector256<double> exponent) =>
        Vector256.ShiftLeft((exponent + Vector256.Create(IntegerCarrier + ExponentBias)).AsInt64(), FractionBits)
            .AsDouble();
}
