using System.Runtime.CompilerServices;
using Backprop.Core.Elements;

namespace Backprop.Core.Activations;

/// <summary>
/// a_j = e^z_j / Σ_k e^z_k over the neurons of one example: for output layers. The largest z is subtracted first, so
/// nothing overflows; the sum runs in ascending order of the neurons.
/// </summary>
internal sealed class Softmax : IActivation
{
    /// <summary>Its slope is a matrix: neurons cannot have it one by one.</summary>
    public const string FunctionName = "softmax";

    public string Name => FunctionName;

    public void Apply(ReadOnlySpan<float> weightedInput, Span<float> activation, int rows)
    {
        if (activation.Length != weightedInput.Length)
        {
            throw new ArgumentException(
                $"{weightedInput.Length} weighted inputs, but {activation.Length} activations.");
        }

        for (int start = 0; start < activation.Length; start += rows)
        {
            ReadOnlySpan<float> column = weightedInput.Slice(start, rows);
            ElementLoop.Map(new Minus(column[Largest.IndexIn(column)]), column, activation.Slice(start, rows));
        }

        ElementLoop.Map(default(Exponential), activation, activation);
        for (int start = 0; start < activation.Length; start += rows)
        {
            Span<float> column = activation.Slice(start, rows);
            float sum = 0f;
            foreach (float e in column)
                sum += e;
            ElementLoop.Map(new DividedBy(sum), column, column);
        }
    }

    /// <summary>∂C/∂z_j = a_j·(∂C/∂a_j − Σ_k a_k·∂C/∂a_k).</summary>
    public void MultiplyBySlope(ReadOnlySpan<float> activation, Span<float> error, int rows)
    {
        for (int start = 0; start < error.Length; start += rows)
        {
            ReadOnlySpan<float> a = activation.Slice(start, rows);
            Span<float> e = error.Slice(start, rows);
            float mean = 0f;
            for (int j = 0; j < rows; j++)
                mean = MathF.FusedMultiplyAdd(a[j], e[j], mean);
            for (int j = 0; j < rows; j++)
                e[j] = a[j] * (e[j] - mean);
        }
    }

    private readonly struct Minus(float subtrahend) : IElementMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Map<T>(T x)
            where T : struct, IElements<T> => x - T.Broadcast(subtrahend);
    }

    private readonly struct DividedBy(float divisor) : IElementMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Map<T>(T x)
            where T : struct, IElements<T> => x / T.Broadcast(divisor);
    }
}
