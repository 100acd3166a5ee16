using System.Runtime.CompilerServices;
using Backprop.Core.Elements;

namespace Backprop.Core.Activations;

/// <summary>σ(z) = max(z, 0); σ′ is 1 above 0, else 0.</summary>
internal sealed class Relu : IActivation
{
    public string Name => "relu";

    public void Apply(ReadOnlySpan<float> weightedInput, Span<float> activation, int rows) =>
        ElementLoop.Map(default(Value), weightedInput, activation);

    public void MultiplyBySlope(ReadOnlySpan<float> activation, Span<float> error, int rows) =>
        ElementLoop.Map(default(TimesSlope), activation, error, error);

    /// <summary>NaN stays NaN, so that a divergence shows.</summary>
    internal readonly struct Value : IElementMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Map<T>(T x)
            where T : struct, IElements<T>
        {
            T zero = T.Broadcast(0f);
            return T.Select(T.LessThan(x, zero), zero, x);
        }
    }

    internal readonly struct TimesSlope : IElementPairMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Map<T>(T x, T y)
            where T : struct, IElements<T>
        {
            T zero = T.Broadcast(0f);
            return T.Select(T.LessThan(zero, x), y, zero);
        }
    }
}
