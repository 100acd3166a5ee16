using System.Runtime.CompilerServices;
using Backprop.Core.Elements;

namespace Backprop.Core.Activations;

/// <summary>σ(z) = 1 / (1 + e⁻ᶻ), the chapter's activation; σ′ = a·(1 − a).</summary>
internal sealed class Sigmoid : IActivation
{
    public string Name => "sigmoid";

    public void Apply(ReadOnlySpan<float> weightedInput, Span<float> activation, int rows) =>
        ElementLoop.Map(default(Value), weightedInput, activation);

    public void MultiplyBySlope(ReadOnlySpan<float> activation, Span<float> error, int rows) =>
        ElementLoop.Map(default(TimesSlope), activation, error, error);

    /// <summary>
    /// With e = e^−|z|: 1 / (1 + e) on the right, e / (1 + e) on the left, so that both tails keep their relative
    /// precision and nothing overflows.
    /// </summary>
    internal readonly struct Value : IElementMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Map<T>(T x)
            where T : struct, IElements<T>
        {
            T zero = T.Broadcast(0f);
            T one = T.Broadcast(1f);
            T e = Exponential.Of(zero - T.Abs(x));
            return T.Select(T.LessThan(x, zero), e, one) / (one + e);
        }
    }

    internal readonly struct TimesSlope : IElementPairMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Map<T>(T x, T y)
            where T : struct, IElements<T> => y * (x * (T.Broadcast(1f) - x));
    }
}
