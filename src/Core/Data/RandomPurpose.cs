namespace Backprop.Core.Data;

/// <summary>
/// What a run draws random numbers for. Each purpose has its own stream, so that one more number drawn for the one
/// does not move the other. The values are part of what makes a seed repeatable: never renumber them.
/// </summary>
public static class RandomPurpose
{
    /// <summary>The order of an epoch's examples; the index is the epoch.</summary>
    public const ulong EpochOrder = 1;

    /// <summary>The initial weights and biases; the index is the layer.</summary>
    public const ulong InitialParameters = 2;
}
