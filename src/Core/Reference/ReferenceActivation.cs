using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Backprop.Core.Reference;

/// <summary>A layer's activation function in double precision: of one example, or of a matrix with one a column.</summary>
public abstract class ReferenceActivation
{
    public abstract string Name { get; }

    /// <summary>The names of all functions, as the command line has them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. NeuronFunction.Names, ReferenceSoftmax.FunctionName];

    /// <exception cref="ArgumentException">There is no such function.</exception>
    public static ReferenceActivation Named(string name) =>
        name == ReferenceSoftmax.FunctionName ? new ReferenceSoftmax() : new NeuronwiseActivation(NeuronFunction.Named(name));

    /// <summary>A layer in which every neuron has its own function: the chapter's modified neuron.</summary>
    /// <param name="perNeuron">One name a neuron.</param>
    /// <exception cref="ArgumentException">A name that is not a function of a single neuron.</exception>
    public static ReferenceActivation Mixed(IEnumerable<string> perNeuron) =>
        new NeuronwiseActivation([.. perNeuron.Select(NeuronFunction.Named)]);

    /// <summary>a = σ(z) of one example.</summary>
    public abstract void Apply(ReadOnlySpan<double> z, Span<double> a);

    /// <summary>Turns ∂C/∂a into ∂C/∂z in place, for one example.</summary>
    public abstract void MultiplyBySlope(ReadOnlySpan<double> a, Span<double> error);

    /// <summary>Σ′(z) of (33): ∂a[m]/∂z[j] at row m, column j; diagonal where a neuron's output is its own input's alone.</summary>
    public abstract Matrix<double> Jacobian(ReadOnlySpan<double> a);

    /// <summary>True where σ′ of this neuron jumps at z = 0.</summary>
    public abstract bool HasKink(int neuron);

    /// <summary>Whether the function can stand in a layer of this many neurons.</summary>
    public virtual bool Fits(int neurons) => true;

    public DenseMatrix Apply(DenseMatrix z)
    {
        var a = new DenseMatrix(z.RowCount, z.ColumnCount);
        for (int start = 0; start < z.Values.Length; start += z.RowCount)
            Apply(z.Values.AsSpan(start, z.RowCount), a.Values.AsSpan(start, z.RowCount));
        return a;
    }

    public DenseVector Apply(DenseVector z)
    {
        var a = new DenseVector(z.Count);
        Apply(z.Values, a.Values);
        return a;
    }

    /// <summary>∂C/∂A ⊙ σ′(Z), in place.</summary>
    public void MultiplyBySlope(DenseMatrix a, DenseMatrix error)
    {
        for (int start = 0; start < a.Values.Length; start += a.RowCount)
            MultiplyBySlope(a.Values.AsSpan(start, a.RowCount), error.Values.AsSpan(start, a.RowCount));
    }
}
