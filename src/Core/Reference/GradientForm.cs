namespace Backprop.Core.Reference;

/// <summary>A way to compute ∇C for a mini-batch, to be compared with the matrix form.</summary>
/// <param name="Name">The form in words.</param>
/// <param name="Equation">Its numbers in Nielsen, chapter 2.</param>
/// <param name="Passes">What it takes, in passes over the mini-batch.</param>
/// <param name="Network">The network it is computed on.</param>
/// <param name="Allowed">The largest difference that rounding and the method's own error explain.</param>
/// <param name="ScaleToAll">How many times the work of one computation all derivatives would take; 1 unless only some are computed.</param>
/// <param name="Compute">
/// The derivatives, numbered as in <see cref="ReferenceParameters"/>; null where the form says nothing of one.
/// </param>
/// <param name="Expected">The same derivatives by the matrix form.</param>
public sealed record GradientForm(
    string Name, string Equation, string Passes, ReferenceNetwork Network, double Allowed, double ScaleToAll,
    Func<IReadOnlyList<double?>> Compute, IReadOnlyList<double> Expected)
{
    /// <summary>The largest |difference| to the matrix form; infinity where one of the two is not a number.</summary>
    /// <exception cref="ArgumentException">There are not as many derivatives as expected.</exception>
    public double LargestDifference(IReadOnlyList<double?> derivatives)
    {
        if (derivatives.Count != Expected.Count)
            throw new ArgumentException($"{derivatives.Count} derivatives; expected {Expected.Count}.");
        double largest = 0;
        for (int i = 0; i < Expected.Count; i++)
        {
            if (derivatives[i] is not { } derivative)
                continue;
            double difference = Math.Abs(derivative - Expected[i]);
            largest = Math.Max(largest, double.IsNaN(difference) ? double.PositiveInfinity : difference);
        }

        return largest;
    }
}
