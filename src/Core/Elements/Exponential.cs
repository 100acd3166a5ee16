using System.Runtime.CompilerServices;

namespace Backprop.Core.Elements;

/// <summary>
/// eˣ in single precision, within 1 ulp of the true value, from exactly rounded operations alone: the same bits at
/// every width and on every machine.
/// </summary>
/// <remarks>
/// x = n·ln 2 + r with n the nearest integer, so |r| ≤ ½·ln 2. eʳ = 1 + r + r²·q(r), q the minimax polynomial of
/// degree 4 for (eʳ − 1 − r)/r² (relative error of eʳ below 4·10⁻⁹; found with the exchange algorithm in 50 digits).
/// The factor 2ⁿ is multiplied in two halves, so that results beyond the largest float become infinite and those below
/// the smallest normal one are rounded once to a subnormal or 0. NaN stays NaN.
/// </remarks>
internal readonly struct Exponential : IElementMap
{
    // Below the first, eˣ rounds to 0; above the second, it is infinite.
    private const float Lowest = -104f;
    private const float Highest = 89f;

    private const float Log2OfE = 1.44269504f;

    // ln 2 as the sum of two floats.
    private const float Ln2High = 0.693147182f;
    private const float Ln2Low = -1.9046543e-09f;

    // Adding 1.5·2²³ leaves a small integer in the low bits of the sum; 127 is the exponent's bias.
    private const float RoundToInteger = 12582912f;
    private const float RoundToBiasedExponent = RoundToInteger + 127f;
    private const int MantissaBits = 23;

    private const float Q0 = 0.49999994f;
    private const float Q1 = 0.166665152f;
    private const float Q2 = 0.041668456f;
    private const float Q3 = 0.00836941879f;
    private const float Q4 = 0.00138131424f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Map<T>(T x)
        where T : struct, IElements<T> => Of(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T x)
        where T : struct, IElements<T>
    {
        T lowest = T.Broadcast(Lowest);
        T highest = T.Broadcast(Highest);
        x = T.Select(T.LessThan(x, lowest), lowest, x);
        x = T.Select(T.LessThan(highest, x), highest, x);

        T rounder = T.Broadcast(RoundToInteger);
        T n = T.FusedMultiplyAdd(x, T.Broadcast(Log2OfE), rounder) - rounder;
        T r = T.FusedMultiplyAdd(n, T.Broadcast(-Ln2High), x);
        r = T.FusedMultiplyAdd(n, T.Broadcast(-Ln2Low), r);

        T q = T.FusedMultiplyAdd(T.Broadcast(Q4), r, T.Broadcast(Q3));
        q = T.FusedMultiplyAdd(q, r, T.Broadcast(Q2));
        q = T.FusedMultiplyAdd(q, r, T.Broadcast(Q1));
        q = T.FusedMultiplyAdd(q, r, T.Broadcast(Q0));
        T power = T.FusedMultiplyAdd(r * r, q, r) + T.Broadcast(1f);

        T biasedRounder = T.Broadcast(RoundToBiasedExponent);
        T biasedHalf = T.FusedMultiplyAdd(n, T.Broadcast(0.5f), biasedRounder);
        T otherHalf = n - (biasedHalf - biasedRounder);
        T scaled = power * T.ShiftBitsLeft(biasedHalf, MantissaBits);
        return scaled * T.ShiftBitsLeft(otherHalf + biasedRounder, MantissaBits);
    }
}
