using System.Numerics;
using System.Runtime.InteropServices;

namespace Backprop.Core.Elements;

/// <summary>Tells numbers from NaN and infinity.</summary>
public static class Finite
{
    /// <summary>True when every element is a finite number.</summary>
    public static bool All(ReadOnlySpan<float> values)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var finite = Vector<int>.AllBitsSet;
        var largest = new Vector<float>(float.MaxValue);
        foreach (Vector<float> vector in vectors)
            finite &= Vector.LessThanOrEqual(Vector.Abs(vector), largest);
        if (finite != Vector<int>.AllBitsSet)
            return false;
        foreach (float value in values[(vectors.Length * Vector<float>.Count)..])
        {
            if (!float.IsFinite(value))
                return false;
        }

        return true;
    }
}
