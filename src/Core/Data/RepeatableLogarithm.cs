namespace Backprop.Core.Data;

/// <summary>
/// A natural logarithm with the same bits on every platform: Math.Log is the platform's own and may differ in the last
/// bit; this takes only operations that IEEE 754 rounds exactly. Its relative error is a few times 10⁻¹⁶.
/// </summary>
internal static class RepeatableLogarithm
{
    private const int FractionBits = 52;

    // The last term of the series, f²⁴ / 25 with f² ≤ 0.0295, is below 10⁻³⁸.
    private const int LastDenominator = 25;

    // ln 2 in two parts. The first has 20 trailing zero bits, so its product with an exponent is exact.
    private static readonly double ln2High = BitConverter.UInt64BitsToDouble(0x3FE62E42FEE00000);
    private static readonly double ln2Low = BitConverter.UInt64BitsToDouble(0x3DEA39EF35793C76);

    /// <summary>ln x = e·ln 2 + ln m for x = m·2ᵉ with m in [√½, √2], and ln m = 2·artanh f, f = (m − 1)/(m + 1).</summary>
    /// <param name="x">Positive, finite, not subnormal.</param>
    public static double Of(double x)
    {
        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)(bits >> FractionBits) - 1023;
        double m = BitConverter.Int64BitsToDouble((bits & ((1L << FractionBits) - 1)) | (1023L << FractionBits));
        if (m > 1.4142135623730951)
        {
            m *= 0.5;
            exponent++;
        }

        double f = (m - 1.0) / (m + 1.0);
        double square = f * f;
        double series = 1.0 / LastDenominator;
        for (int denominator = LastDenominator - 2; denominator >= 3; denominator -= 2)
            series = Math.FusedMultiplyAdd(series, square, 1.0 / denominator);

        // 2f first and the small rest onto it, so that the rounding errors of the rest hardly count.
        double logarithm = Math.FusedMultiplyAdd(2.0 * f * square, series, 2.0 * f);
        return exponent == 0 ? logarithm : (exponent * ln2High) + ((exponent * ln2Low) + logarithm);
    }
}
