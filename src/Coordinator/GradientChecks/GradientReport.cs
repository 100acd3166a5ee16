namespace Backprop.Coordinator.GradientChecks;

/// <summary>What gradient-check found; the fields of its JSON form, in snake_case.</summary>
/// <param name="LargestDerivative">Of the matrix form: what the differences are to be seen beside.</param>
/// <param name="ForwardPass">Time of a forward pass of the mini-batch in double precision, one thread.</param>
internal sealed record GradientReport(
    string Layers, string Activations, string Cost, string Dataset, int Examples, int Parameters,
    double LargestDerivative, TimeSpan ForwardPass, IReadOnlyList<GradientRow> Forms)
{
    public bool Agrees => Forms.All(form => form.Agrees);
}

/// <param name="Layers">The tiny network that stands in for the chosen one; null: the chosen one.</param>
/// <param name="Time">For all derivatives; where only some were computed, scaled up from those.</param>
/// <param name="ForwardPasses">The time in forward passes of the chosen network; null on another network.</param>
/// <param name="LargestDifference">To the matrix form's derivatives.</param>
/// <param name="Allowed">What rounding and the method's own error explain.</param>
internal sealed record GradientRow(
    string Form, string Equation, string Passes, string? Layers, TimeSpan Time, double? ForwardPasses,
    double LargestDifference, double Allowed)
{
    public bool Agrees => LargestDifference <= Allowed;
}
