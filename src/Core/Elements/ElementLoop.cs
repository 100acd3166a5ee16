using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Backprop.Core.Elements;

/// <summary>
/// Applies a function to every element of spans: as many lanes at once as the machine has, fewer towards the end. An
/// element's bits do not depend on the span's length, the element's place in it or the width.
/// </summary>
/// <remarks>
/// The last parameter, the most lanes to use, is for tests: they hold every width against the others. The spans of a
/// call have one length; a result may be the same memory as an argument.
/// </remarks>
internal static class ElementLoop
{
    public const int Widest = 16;

    /// <summary>result[i] = map(x[i]).</summary>
    public static void Map<TMap>(TMap map, ReadOnlySpan<float> x, Span<float> result, int lanes = Widest)
        where TMap : struct, IElementMap
    {
        CheckLength(x.Length, result.Length);
        nuint i = 0;
        if (lanes >= Elements16.Count && Elements16.IsSupported)
            i = Map<TMap, Elements16>(map, x, result, i);
        if (lanes >= Elements8.Count && Elements8.IsSupported)
            i = Map<TMap, Elements8>(map, x, result, i);
        if (lanes >= Elements4.Count && Elements4.IsSupported)
            i = Map<TMap, Elements4>(map, x, result, i);
        Map<TMap, Elements1>(map, x, result, i);
    }

    /// <summary>result[i] = map(x[i], y[i]).</summary>
    public static void Map<TMap>(
        TMap map, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> result, int lanes = Widest)
        where TMap : struct, IElementPairMap
    {
        CheckLength(x.Length, y.Length);
        CheckLength(x.Length, result.Length);
        nuint i = 0;
        if (lanes >= Elements16.Count && Elements16.IsSupported)
            i = Map<TMap, Elements16>(map, x, y, result, i);
        if (lanes >= Elements8.Count && Elements8.IsSupported)
            i = Map<TMap, Elements8>(map, x, y, result, i);
        if (lanes >= Elements4.Count && Elements4.IsSupported)
            i = Map<TMap, Elements4>(map, x, y, result, i);
        Map<TMap, Elements1>(map, x, y, result, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint Map<TMap, T>(TMap map, ReadOnlySpan<float> x, Span<float> result, nuint i)
        where TMap : struct, IElementMap
        where T : struct, IElements<T>
    {
        ref float xs = ref MemoryMarshal.GetReference(x);
        ref float results = ref MemoryMarshal.GetReference(result);
        for (; i + (nuint)T.Count <= (nuint)x.Length; i += (nuint)T.Count)
            T.Store(map.Map(T.Load(ref xs, i)), ref results, i);
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint Map<TMap, T>(
        TMap map, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> result, nuint i)
        where TMap : struct, IElementPairMap
        where T : struct, IElements<T>
    {
        ref float xs = ref MemoryMarshal.GetReference(x);
        ref float ys = ref MemoryMarshal.GetReference(y);
        ref float results = ref MemoryMarshal.GetReference(result);
        for (; i + (nuint)T.Count <= (nuint)x.Length; i += (nuint)T.Count)
            T.Store(map.Map(T.Load(ref xs, i), T.Load(ref ys, i)), ref results, i);
        return i;
    }

    private static void CheckLength(int expected, int given)
    {
        if (given != expected)
            throw new ArgumentException($"Spans of {expected} and {given} elements; expected one length.");
    }
}
