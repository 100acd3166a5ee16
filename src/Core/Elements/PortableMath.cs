namespace Backprop.Core.Elements;

/// <summary>
/// eˣ, ln x and their kin in double precision with the same bits on every machine: Math.Exp and Math.Log are the
/// platform's own and may differ in the last bit; this takes only operations that IEEE 754 rounds exactly. Relative
/// errors are below 10⁻¹⁵.
/// </summary>
public static partial class PortableMath
{
    private const int FractionBits = 52;
    private const int ExponentBias = 1023;
    private const double Ln2 = 0.69314718055994529;
    private const double SquareRootOf2 = 1.4142135623730951;

    // ln 2 in two parts. The first has 20 trailing zero bits: its product with an exponent is exact.
    private const double Ln2High = 0.69314718036912382;
    private const double Ln2Low = 1.9082149292705877e-10;

    // Below the first, eˣ rounds to 0; above the second, it is infinite.
    private const double LowestExponent = -746;
    private const double HighestExponent = 710;

    // r¹⁴/14! for |r| ≤ ½·ln 2 is below 5·10⁻¹⁸.
    private const int LastPower = 13;

    // f²⁵·2/25 for |f| ≤ 0.1716 is below 10⁻²⁰.
    private const int LastOddPower = 23;

    private static readonly double[] inverseFactorials = CreateInverseFactorials();

    // 1/p at index p, for odd p from 3 on.
    private static readonly double[] inversePowers = [.. Enumerable.Range(0, LastOddPower + 1).Select(p => 1.0 / p)];

    /// <summary>eˣ = 2ⁿ·eʳ with x = n·ln 2 + r, by eʳ's series. NaN stays NaN; too large is infinite.</summary>
    public static double Exp(double x)
    {
        if (double.IsNaN(x))
            return x;
        x = Math.Min(Math.Max(x, LowestExponent), HighestExponent);
        double n = Math.Round(x / Ln2);
        double r = Math.FusedMultiplyAdd(n, -Ln2Low, Math.FusedMultiplyAdd(n, -Ln2High, x));
        double series = inverseFactorials[LastPower];
        for (int power = LastPower - 1; power >= 0; power--)
            series = Math.FusedMultiplyAdd(series, r, inverseFactorials[power]);

        // In two halves: 2ⁿ alone may be beyond the range where the product is not.
        int half = (int)n / 2;
        return series * PowerOfTwo(half) * PowerOfTwo((int)n - half);
    }

    /// <summary>ln x = e·ln 2 + 2·artanh f, for x = m·2ᵉ with m from √½ to √2 and f = (m − 1)/(m + 1).</summary>
    /// <returns>−∞ for 0, NaN for a negative number.</returns>
    public static double Log(double x)
    {
        if (double.IsNaN(x) || x < 0)
            return double.NaN;
        if (x == 0)
            return double.NegativeInfinity;
        if (double.IsPositiveInfinity(x))
            return x;

        int exponent = 0;
        if (!double.IsNormal(x))
        {
            x *= PowerOfTwo(FractionBits);
            exponent = -FractionBits;
        }

        long bits = BitConverter.DoubleToInt64Bits(x);
        exponent += (int)(bits >> FractionBits) - ExponentBias;
        double m = BitConverter.Int64BitsToDouble(
            (bits & ((1L << FractionBits) - 1)) | ((long)ExponentBias << FractionBits));
        if (m > SquareRootOf2)
        {
            m *= 0.5;
            exponent++;
        }

        double f = (m - 1) / (m + 1);
        double square = f * f;
        double series = inversePowers[LastOddPower];
        for (int power = LastOddPower - 2; power >= 3; power -= 2)
            series = Math.FusedMultiplyAdd(series, square, inversePowers[power]);
        double logarithm = Math.FusedMultiplyAdd(2 * f * square, series, 2 * f);
        return exponent == 0 ? logarithm : (exponent * Ln2High) + ((exponent * Ln2Low) + logarithm);
    }

    /// <summary>ln(1 + x) with full relative precision for small x too.</summary>
    /// <param name="x">At least 0.</param>
    public static double LogOnePlus(double x)
    {
        double sum = 1 + x;
        if (double.IsInfinity(sum) || double.IsNaN(sum))
            return sum;

        // What 1 + x lost in rounding, carried by the logarithm's slope.
        return Log(sum) + ((x - (sum - 1)) / sum);
    }

    private static double PowerOfTwo(int exponent) =>
        BitConverter.Int64BitsToDouble((long)(exponent + ExponentBias) << FractionBits);

    private static double[] CreateInverseFactorials()
    {
        double[] values = new double[LastPower + 1];
        double factorial = 1;
        values[0] = 1;
        for (int k = 1; k <= LastPower; k++)
        {
            factorial *= k;
            values[k] = 1 / factorial;
        }

        return values;
    }
}
