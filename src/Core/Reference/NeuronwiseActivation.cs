using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Backprop.Core.Reference;

/// <summary>A function of each neuron's own weighted input: the same in the whole layer, or one for each neuron.</summary>
internal sealed class NeuronwiseActivation : ReferenceActivation
{
    private readonly NeuronFunction[] functions;

    /// <param name="functions">One for all neurons, or one a neuron.</param>
    public NeuronwiseActivation(params NeuronFunction[] functions)
    {
        if (functions.Length == 0)
            throw new ArgumentException("A layer without functions; give one for all neurons, or one a neuron.");
        this.functions = functions;
    }

    public override string Name => functions is [var single] ? single.Name : "mixed";

    public override bool Fits(int neurons) => functions.Length == 1 || functions.Length == neurons;

    public override bool HasKink(int neuron) => FunctionOf(neuron).HasKink;

    public override void Apply(ReadOnlySpan<double> z, Span<double> a)
    {
        for (int j = 0; j < z.Length; j++)
            a[j] = FunctionOf(j).Value(z[j]);
    }

    public override void MultiplyBySlope(ReadOnlySpan<double> a, Span<double> error)
    {
        for (int j = 0; j < a.Length; j++)
            error[j] *= FunctionOf(j).Slope(a[j]);
    }

    public override Matrix<double> Jacobian(ReadOnlySpan<double> a)
    {
        double[] slopes = new double[a.Length];
        for (int j = 0; j < a.Length; j++)
            slopes[j] = FunctionOf(j).Slope(a[j]);
        return new DiagonalMatrix(a.Length, a.Length, slopes);
    }

    private NeuronFunction FunctionOf(int neuron) => functions.Length == 1 ? functions[0] : functions[neuron];
}
