namespace Backprop.Core.Elements;

/// <summary>
/// One or several floats that take the same exactly rounded operations side by side. A formula written once over
/// <typeparamref name="T"/> gives an element the same bits whether 1, 4, 8 or 16 go together: no operation mixes
/// elements or may be rounded differently by another width.
/// </summary>
internal interface IElements<T>
    where T : struct, IElements<T>
{
    static abstract int Count { get; }

    /// <summary>Whether this machine runs the width in hardware.</summary>
    static abstract bool IsSupported { get; }

    static abstract T Broadcast(float value);

    /// <summary>The <see cref="Count"/> floats from <paramref name="index"/> on.</summary>
    static abstract T Load(ref readonly float first, nuint index);

    static abstract void Store(T value, ref float first, nuint index);

    /// <summary>Has whole cache lines written without fetching what stood there, where the width and the machine can.</summary>
    /// <param name="target">Begins a vector of this width.</param>
    static abstract unsafe void StorePastCaches(T value, float* target);

    static abstract T operator +(T left, T right);

    static abstract T operator -(T left, T right);

    static abstract T operator *(T left, T right);

    static abstract T operator /(T left, T right);

    /// <summary>a·b + c, rounded once.</summary>
    static abstract T FusedMultiplyAdd(T a, T b, T c);

    static abstract T Abs(T value);

    static abstract T CopySign(T magnitude, T sign);

    /// <summary>All bits set where left &lt; right, else none; never where one is NaN.</summary>
    static abstract T LessThan(T left, T right);

    static abstract T Select(T mask, T whenSet, T otherwise);

    /// <summary>Shifts the 32 bits of each float, not its value.</summary>
    static abstract T ShiftBitsLeft(T value, int count);
}
