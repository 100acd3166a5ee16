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
        Span<double> scratch, Span<double> cost)
    {
        Span<double> exponentials = scratch[..weightedInput.Length];
        int rows = weightedInput.Length / Math.Max(cost.Length, 1);
        for (int column = 0; column < cost.Length; column++)
            SubtractLargest(weightedInput.Slice(column * rows, rows), exponentials.Slice(column * rows, rows));
        PortableMath.Exp(exponentials);
        for (int column = 0; column < cost.Length; column++)
        {
            double others = 0;
            foreach (double exponential in exponentials.Slice(column * rows, rows))
                others += exponential;
            cost[column] = others;
        }

        PortableMath.LogOnePlus(cost);
        for (int column = 0; column < cost.Length; column++)
        {
            ReadOnlySpan<float> z = weightedInput.Slice(column * rows, rows);
            cost[column] = OfExample(z, target.Slice(column * rows, rows), z[Largest.IndexIn(z)], cost[column]);
        }
    }

    public void OutputError(ReadOnlySpan<float> activation, ReadOnlySpan<float> target, Span<float> error) =>
        ElementLoop.Map(default(QuadraticCost.Difference), activation, target, error);

    /// <summary>z_k − z_m; for m itself −∞, whose exponential adds nothing.</summary>
    private static void SubtractLargest(ReadOnlySpan<float> z, Span<double> differences)
    {
        int largest = Largest.IndexIn(z);
        for (int k = 0; k < z.Length; k++)
            differences[k] = (double)z[k] - z[largest];
        differences[largest] = double.NegativeInfinity;
    }

    private static double OfExample(ReadOnlySpan<float> z, ReadOnlySpan<float> y, double largest, double rest)
    {
        double sum = 0;
        for (int j = 0; j < z.Length; j++)
            sum += y[j] * ((largest - z[j]) + rest);
        return sum;
    }
}
