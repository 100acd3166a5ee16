using System.Runtime.CompilerServices;
using Backprop.Core.Elements;

namespace Backprop.Core.Costs;

/// <summary>C = ½‖y − a‖²; ∇ₐC = a − y.</summary>
/// <remarks>Nielsen, chapter 2, equations 26 and 27.</remarks>
internal sealed class QuadraticCost : ICost
{
    public string Name => "quadratic";

    public string? RequiredOutputActivation => null;

    public bool ErrorIncludesSlope => false;

    public void PerExample(
        ReadOnlySpan<float> weightedInput, ReadOnlySpan<float> activation, ReadOnlySpan<float> target,
        Span<double> scratch, Span<double> cost)
    {
        int rows = activation.Length / Math.Max(cost.Length, 1);
        for (int column = 0; column < cost.Length; column++)
        {
            double sum = 0;
            for (int i = column * rows; i < (column + 1) * rows; i++)
            {
                double difference = (double)activation[i] - target[i];
                sum += difference * difference;
            }

            cost[column] = 0.5 * sum;
        }
    }

    public void OutputError(ReadOnlySpan<float> activation, ReadOnlySpan<float> target, Span<float> error) =>
        ElementLoop.Map(default(Difference), activation, target, error);

    /// <summary>a − y: also the output error of the two costs whose activation's slope cancels.</summary>
    internal readonly struct Difference : IElementPairMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Map<T>(T x, T y)
            where T : struct, IElements<T> => x - y;
    }
}
