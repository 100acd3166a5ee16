namespace Backprop.Core.Reference;

/// <summary>−Σ [y ln a + (1 − y) ln(1 − a)] over sigmoid outputs.</summary>
internal sealed class ReferenceCrossEntropyCost : ReferenceCost
{
    public override string Name => "cross-entropy";

    public override string RequiredOutputActivation => "sigmoid";

    /// <summary>−ln a = softplus(−z) and −ln(1 − a) = softplus(z): no logarithm of a rounded 0.</summary>
    public override double OfExample(ReadOnlySpan<double> z, ReadOnlySpan<double> a, ReadOnlySpan<double> y)
    {
        double sum = 0;
        for (int j = 0; j < z.Length; j++)
            sum += (y[j] * Softplus(-z[j])) + ((1 - y[j]) * Softplus(z[j]));
        return sum;
    }

    public override void Gradient(ReadOnlySpan<double> a, ReadOnlySpan<double> y, Span<double> gradient)
    {
        for (int j = 0; j < a.Length; j++)
            gradient[j] = (a[j] - y[j]) / (a[j] * (1 - a[j]));
    }

    public override void OutputError(
        ReferenceActivation activation, ReadOnlySpan<double> a, ReadOnlySpan<double> y, Span<double> error) =>
        Difference(a, y, error);

    /// <summary>ln(1 + eᶻ). Below z = −37 it is eᶻ to the last bit, which 1 + eᶻ would lose.</summary>
    private static double Softplus(double z)
    {
        double tail = Math.Exp(-Math.Abs(z));
        double logarithm = tail < 1e-5 ? tail * (1 - (tail * (0.5 - (tail / 3)))) : Math.Log(1 + tail);
        return Math.Max(z, 0) + logarithm;
    }
}
