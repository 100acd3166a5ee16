namespace Backprop.Core.Costs;

/// <summary>A cost per example; a run's cost is the mean over examples.</summary>
public interface ICost
{
    /// <summary>The name on the command line and in files.</summary>
    string Name { get; }

    /// <summary>
    /// The name of the output activation that the cost needs, or null when any will do. Cross-entropy needs sigmoid,
    /// log-likelihood softmax: with them the output error is a − y, finite however saturated.
    /// </summary>
    string? RequiredOutputActivation { get; }

    /// <summary>True when <see cref="OutputError"/> gives ∂C/∂z already; else it gives ∂C/∂a and the slope follows.</summary>
    bool ErrorIncludesSlope { get; }

    /// <summary>The cost of each example (column), in double precision, finite for every finite z.</summary>
    /// <param name="weightedInput">z of the output layer, rows × B.</param>
    /// <param name="activation">a of the output layer, rows × B.</param>
    /// <param name="target">y, rows × B.</param>
    /// <param name="scratch">Room for rows × B numbers.</param>
    /// <param name="cost">Receives B costs.</param>
    void PerExample(
        ReadOnlySpan<float> weightedInput, ReadOnlySpan<float> activation, ReadOnlySpan<float> target,
        Span<double> scratch, Span<double> cost);

    /// <summary>∇ₐC (quadratic: a − y), or ∂C/∂z where <see cref="ErrorIncludesSlope"/>.</summary>
    void OutputError(ReadOnlySpan<float> activation, ReadOnlySpan<float> target, Span<float> error);
}
