using System.Numerics;
using System.Runtime.Intrinsics;

namespace Backprop.Core.Elements;

/// <summary>Finds the largest of a few numbers without a branch for each: which one it is cannot be foretold.</summary>
internal static class Largest
{
    /// <summary>The first of the largest. NaN is smaller than all others, except in the first place, where it is taken.</summary>
    /// <param name="values">At least one.</param>
    public static int IndexIn(ReadOnlySpan<float> values)
    {
        if (!Vector256.IsHardwareAccelerated || values.Length < Vector256<float>.Count)
            return OneByOne(values);

        // The last vector overlaps the one before it.
        int lastStart = values.Length - Vector256<float>.Count;
        Vector256<float> last = Vector256.Create(values[lastStart..]);
        Vector256<float> largest = last;
        for (int i = 0; i < lastStart; i += Vector256<float>.Count)
            largest = Vector256.Max(largest, Vector256.Create(values[i..]));
        Vector128<float> four = Vector128.Max(largest.GetLower(), largest.GetUpper());
        Vector128<float> two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        Vector128<float> one = Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2)));
        if (float.IsNaN(one.ToScalar()))
            return OneByOne(values);

        Vector256<float> wanted = Vector256.Create(one.ToScalar());
        ulong found = (ulong)Vector256.Equals(last, wanted).ExtractMostSignificantBits();
        if (values.Length <= 2 * Vector256<float>.Count)
        {
            found <<= lastStart;
            found |= Vector256.Equals(Vector256.Create(values), wanted).ExtractMostSignificantBits();
            return BitOperations.TrailingZeroCount(found);
        }

        for (int i = 0; i < lastStart; i += Vector256<float>.Count)
        {
            uint here = Vector256.Equals(Vector256.Create(values[i..]), wanted).ExtractMostSignificantBits();
            if (here != 0)
                return i + BitOperations.TrailingZeroCount(here);
        }

        return lastStart + BitOperations.TrailingZeroCount(found);
    }

    private static int OneByOne(ReadOnlySpan<float> values)
    {
        int largest = 0;
        for (int k = 1; k < values.Length; k++)
        {
            if (values[k] > values[largest])
                largest = k;
        }

        return largest;
    }
}
