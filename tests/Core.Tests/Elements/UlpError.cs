namespace Backprop.Core.Tests.Elements;

/// <summary>
/// The distance of a float from the true value, in units of the last place of the float nearest to it.
/// </summary>
internal static class UlpError
{
    public static double Of(float computed, double expected)
    {
        float nearest = MathF.Abs((float)expected);
        if (float.IsInfinity(nearest))
            return float.IsInfinity(computed) ? 0 : double.PositiveInfinity;
        double ulp = (double)MathF.BitIncrement(nearest) - nearest;
        return Math.Abs(computed - expected) / ulp;
    }

    /// <summary>Every <paramref name="stride"/>-th finite float of both signs.</summary>
    public static IEnumerable<float> Floats(int stride)
    {
        for (long bits = 0; bits < 0x7F800000; bits += stride)
        {
            float value = BitConverter.Int32BitsToSingle((int)bits);
            yield return value;
            yield return -value;
        }
    }
}
