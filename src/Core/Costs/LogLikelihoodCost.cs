using Backprop.Core.Elements;

namespace Backprop.Core.Costs;

/// <summary>C = −Σ y ln a, for one-hot y −ln a_y, for softmax outputs; ∂C/∂z = a − y.</summary>
internal sealed class LogLikelihoodCost : ICost
{
    public string Name => "log-likelihood";

    public string? RequiredOutputActivation => "softmax";

    public bool ErrorIncludesSlope => true;

    /// <summary>
    /// From z: −ln a_j = ln Σ_k e^z_k − z_j. With z_m the largest, ln Σ_k e^z_k = z_m + ln(1 + Σ_{k≠m} e^(z_k − z_m)),
    /// which neither overflows nor loses the small cost of a saturated right answer.
    /// </summary>
    public void PerExample(
        ReadOnlySpan<float> weightedInput, ReadOnlySpan<float> activation, ReadOnlySpan<float> target,
        Span<double> cost)
    {
        int rows = weightedInput.Length / Math.Max(cost.Length, 1);
        for (int column = 0; column < cost.Length; column++)
            cost[column] = OfExample(weightedInput.Slice(column * rows, rows), target.Slice(column * rows, rows));
    }

    public void OutputError(ReadOnlySpan<float> activation, ReadOnlySpan<float> target, Span<float> error) =>
        ElementLoop.Map(default(QuadraticCost.Difference), activation, target, error);

    private static double OfExample(ReadOnlySpan<float> z, ReadOnlySpan<float> y)
    {
        int largest = 0;
        for (int k = 1; k < z.Length; k++)
        {
            if (z[k] > z[largest])
                largest = k;
        }

        double others = 0;
        for (int k = 0; k < z.Length; k++)
        {
            if (k != largest)
                others += PortableMath.Exp((double)z[k] - z[largest]);
        }

        double rest = PortableMath.LogOnePlus(others);
        double sum = 0;
        for (int j = 0; j < z.Length; j++)
            sum += y[j] * (((double)z[largest] - z[j]) + rest);
        return sum;
    }
}
