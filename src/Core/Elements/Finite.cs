using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Backprop.Core.Elements;

/// <summary>Tells numbers from NaN and infinity, and from those beyond a limit.</summary>
public static class Finite
{
    // Without its sign a float's bits, taken as an integer, are the greater the greater the number is; infinity is the
    // least of those that are none.
    private const int Magnitude = 0x7FFFFFFF;

    /// <summary>True when every element is a finite number.</summary>
    public static bool All(ReadOnlySpan<float> values) => AllWithin(values, float.MaxValue);

    /// <summary>
    /// True when every element is a number from −<paramref name="limit"/> to <paramref name="limit"/>. A step looks at all its
    /// gradients so: it is to cost next to nothing.
    /// </summary>
    /// <param name="limit">Finite, at least 0.</param>
    public static bool AllWithin(ReadOnlySpan<float> values, float limit)
    {
        ReadOnlySpan<Vector512<int>> vectors = MemoryMarshal.Cast<float, Vector512<int>>(values);
        Vector512<int> magnitude = Vector512.Create(Magnitude);
        Vector512<int> first = Vector512<int>.Zero;
        Vector512<int> second = Vector512<int>.Zero;
        Vector512<int> third = Vector512<int>.Zero;
        Vector512<int> fourth = Vector512<int>.Zero;
        int i = 0;
        for (; i + 4 <= vectors.Length; i += 4)
        {
            first = Vector512.Max(first, vectors[i] & magnitude);
            second = Vector512.Max(second, vectors[i + 1] & magnitude);
            third = Vector512.Max(third, vectors[i + 2] & magnitude);
            fourth = Vector512.Max(fourth, vectors[i + 3] & magnitude);
        }

        for (; i < vectors.Length; i++)
            first = Vector512.Max(first, vectors[i] & magnitude);
        Vector512<int> greatest = Vector512.Max(Vector512.Max(first, second), Vector512.Max(third, fourth));
        if (Vector512.GreaterThanAny(greatest, Vector512.Create(BitConverter.SingleToInt32Bits(limit))))
            return false;
        foreach (float value in values[(vectors.Length * Vector512<float>.Count)..])
        {
            if (!(MathF.Abs(value) <= limit))
                return false;
        }

        return true;
    }
}
