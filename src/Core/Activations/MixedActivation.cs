namespace Backprop.Core.Activations;

/// <summary>
/// A function of its own for every neuron of a layer, as in the chapter's single modified neuron: only that neuron's
/// σ and σ′ change in BP1 or BP2. For experiments: it goes neuron by neuron.
/// </summary>
public sealed class MixedActivation : IActivation
{
    private readonly IActivation[] perNeuron;

    /// <param name="perNeuron">The function of each neuron of the layer, in order.</param>
    /// <exception cref="ArgumentException">No neurons, or softmax, whose slope is not a neuron's own.</exception>
    public MixedActivation(IReadOnlyList<IActivation> perNeuron)
    {
        if (perNeuron.Count == 0)
            throw new ArgumentException("A layer without neurons; give one function a neuron.");
        if (perNeuron.Any(activation => activation.Name == Softmax.FunctionName))
            throw new ArgumentException("A neuron cannot have softmax by itself: it is a function of the whole layer.");
        this.perNeuron = [.. perNeuron];
    }

    public string Name => "mixed";

    public IReadOnlyList<IActivation> PerNeuron => perNeuron;

    public void Apply(ReadOnlySpan<float> weightedInput, Span<float> activation, int rows)
    {
        CheckRows(rows);
        for (int i = 0; i < weightedInput.Length; i++)
            perNeuron[i % rows].Apply(weightedInput.Slice(i, 1), activation.Slice(i, 1), 1);
    }

    public void MultiplyBySlope(ReadOnlySpan<float> activation, Span<float> error, int rows)
    {
        CheckRows(rows);
        for (int i = 0; i < activation.Length; i++)
            perNeuron[i % rows].MultiplyBySlope(activation.Slice(i, 1), error.Slice(i, 1), 1);
    }

    private void CheckRows(int rows)
    {
        if (rows != perNeuron.Length)
            throw new ArgumentException($"A layer of {rows} neurons with functions for {perNeuron.Length}.");
    }
}
