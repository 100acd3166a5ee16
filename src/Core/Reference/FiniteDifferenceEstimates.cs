namespace Backprop.Core.Reference;

/// <summary>Estimated derivatives of some of a network's weights and biases.</summary>
/// <param name="Indices">Which, numbered as in <see cref="ReferenceParameters"/>.</param>
/// <param name="Values">The estimates, in the same order.</param>
/// <param name="CrossesKink">
/// True where the move by ε carried a neuron across the kink of relu or leaky-relu: the estimate mixes two slopes and
/// says nothing about the derivative.
/// </param>
/// <param name="Passes">Forward passes of the whole mini-batch that it took.</param>
public sealed record FiniteDifferenceEstimates(
    IReadOnlyList<int> Indices, double[] Values, bool[] CrossesKink, long Passes);
