namespace Backprop.Core.Optimizers;

/// <summary>A run of weights, or of biases, and what a step updates them by. All parts that are there have one length.</summary>
public readonly ref struct StepSlice
{
    /// <summary>The old ones.</summary>
    public required ReadOnlySpan<float> Values { get; init; }

    /// <summary>Their part of the state's velocity, which is advanced; empty where there is none.</summary>
    public Span<float> Velocity { get; init; }

    /// <summary>Their part of ∇W or ∇b, as sums over the mini-batch, or over one half of it.</summary>
    public required ReadOnlySpan<float> Sum { get; init; }

    /// <summary>The sums over the other half, which are yet to be added; empty where there are none.</summary>
    public ReadOnlySpan<float> OtherHalf { get; init; }

    /// <summary>Receives the new ones; may be the memory of the old.</summary>
    public required Span<float> Updated { get; init; }

    /// <summary>They do not decay.</summary>
    public bool AreBiases { get; init; }

    /// <summary>
    /// Other cores read next what is updated, after a memory barrier of whoever has it updated: it is written past the caches. A core that writes a
    /// cache line as usual first has to have it from whichever core or memory holds it, which takes several times as long where cores lie far apart.
    /// </summary>
    public bool IsForOthers { get; init; }

    /// <exception cref="ArgumentException">Parts have different lengths.</exception>
    internal void CheckLengths(bool hasVelocity)
    {
        int length = Values.Length;
        if (Sum.Length != length || Updated.Length != length || (!OtherHalf.IsEmpty && OtherHalf.Length != length) || Velocity.Length != (hasVelocity ? length : 0))
        {
            throw new ArgumentException(
                $"{length} values, with {Sum.Length} and {OtherHalf.Length} sums, a velocity of {Velocity.Length} numbers and room for {Updated.Length}; expected one length.");
        }
    }
}
