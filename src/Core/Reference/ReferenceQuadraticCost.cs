namespace Backprop.Core.Reference;

/// <summary>½‖y − a‖² (26), ∇ₐC = a − y.</summary>
internal sealed class ReferenceQuadraticCost : ReferenceCost
{
    public override string Name => "quadratic";

    public override double OfExample(ReadOnlySpan<double> z, ReadOnlySpan<double> a, ReadOnlySpan<double> y)
    {
        double sum = 0;
        for (int j = 0; j < a.Length; j++)
            sum += (y[j] - a[j]) * (y[j] - a[j]);
        return sum / 2;
    }

    public override void Gradient(ReadOnlySpan<double> a, ReadOnlySpan<double> y, Span<double> gradient) =>
        Difference(a, y, gradient);
}
