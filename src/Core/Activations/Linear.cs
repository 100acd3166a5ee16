namespace Backprop.Core.Activations;

/// <summary>σ(z) = z; σ′ = 1: the chapter's linear network.</summary>
internal sealed class Linear : IActivation
{
    public string Name => "linear";

    public void Apply(ReadOnlySpan<float> weightedInput, Span<float> activation, int rows)
    {
        if (!weightedInput.Overlaps(activation, out int offset) || offset != 0)
            weightedInput.CopyTo(activation);
    }

    public void MultiplyBySlope(ReadOnlySpan<float> activation, Span<float> error, int rows)
    {
        // The slope is 1.
    }
}
