using System.Runtime.CompilerServices;
using Backprop.Core.Elements;

namespace Backprop.Core.Activations;

/// <summary>σ(z) = z above 0, else 0.01·z; σ′ is 1 above 0, else 0.01.</summary>
internal sealed class LeakyRelu : IActivation
{
    public const float NegativeSlope = 0.01f;

    public string Name => "leaky-relu";

    public void Apply(ReadOnlySpan<float> weightedInput, Span<float> activation, int rows) =>
        ElementLoop.Map(default(Value), weightedInput, activation);

    public void MultiplyBySlope(ReadOnlySpan<float> activation, Span<float> error, int rows) =>
        ElementLoop.Map(default(TimesSlope), activation, error, error);

    internal readonly struct Value : IElementMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Map<T>(T x)
            where T : struct, IElements<T> =>
            T.Select(T.LessThan(x, T.Broadcast(0f)), x * T.Broadcast(NegativeSlope), x);
    }

    internal readonly struct TimesSlope : IElementPairMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Map<T>(T x, T y)
            where T : struct, IElements<T> =>
            T.Select(T.LessThan(T.Broadcast(0f), x), y, y * T.Broadcast(NegativeSlope));
    }
}
