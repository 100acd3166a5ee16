namespace Backprop.Core.Reference;

/// <summary>−Σ y ln a over softmax outputs: −ln a[y] of a one-hot target.</summary>
internal sealed class ReferenceLogLikelihoodCost : ReferenceCost
{
    public override string Name => "log-likelihood";

    public override string RequiredOutputActivation => ReferenceSoftmax.FunctionName;

    /// <summary>−ln a[j] = ln Σ e^z − z[j], the largest z taken out of the sum first.</summary>
    public override double OfExample(ReadOnlySpan<double> z, ReadOnlySpan<double> a, ReadOnlySpan<double> y)
    {
        double largest = double.NegativeInfinity;
        foreach (double value in z)
            largest = Math.Max(largest, value);

        double sum = 0;
        foreach (double value in z)
            sum += Math.Exp(value - largest);

        double cost = 0;
        for (int j = 0; j < z.Length; j++)
            cost += y[j] * (Math.Log(sum) + (largest - z[j]));
        return cost;
    }

    public override void Gradient(ReadOnlySpan<double> a, ReadOnlySpan<double> y, Span<double> gradient)
    {
        for (int j = 0; j < a.Length; j++)
            gradient[j] = -y[j] / a[j];
    }

    /// <remarks>a·Σy − y, and the targets of an example sum to 1.</remarks>
    public override void OutputError(
        ReferenceActivation activation, ReadOnlySpan<double> a, ReadOnlySpan<double> y, Span<double> error) =>
        Difference(a, y, error);
}
