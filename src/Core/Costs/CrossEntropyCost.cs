using Backprop.Core.Elements;

namespace Backprop.Core.Costs;

/// <summary>C = −Σ [y ln a + (1 − y) ln(1 − a)] for sigmoid outputs; ∂C/∂z = a − y.</summary>
internal sealed class CrossEntropyCost : ICost
{
    public string Name => "cross-entropy";

    public string? RequiredOutputActivation => "sigmoid";

    public bool ErrorIncludesSlope => true;

    /// <summary>
    /// From z: a neuron's cost is ln(1 + eᶻ) − y·z = max(z, 0) − y·z + ln(1 + e^−|z|), which never takes ln 0.
    /// </summary>
    public void PerExample(
        ReadOnlySpan<float> weightedInput, ReadOnlySpan<float> activation, ReadOnlySpan<float> target,
        Span<double> scratch, Span<double> cost)
    {
        Span<double> logarithms = scratch[..weightedInput.Length];
        for (int i = 0; i < logarithms.Length; i++)
            logarithms[i] = -Math.Abs((double)weightedInput[i]);
        PortableMath.Exp(logarithms);
        PortableMath.LogOnePlus(logarithms);

        int rows = weightedInput.Length / Math.Max(cost.Length, 1);
        for (int column = 0; column < cost.Length; column++)
        {
            double sum = 0;
            for (int i = column * rows; i < (column + 1) * rows; i++)
            {
                double z = weightedInput[i];
                double y = target[i];
                double linear = Math.Max(z, 0) - (y * z);
                sum += linear + logarithms[i];
            }

            cost[column] = sum;
        }
    }

    public void OutputError(ReadOnlySpan<float> activation, ReadOnlySpan<float> target, Span<float> error) =>
        ElementLoop.Map(default(QuadraticCost.Difference), activation, target, error);
}
