using System.Runtime.InteropServices;
using Backprop.Core.Elements;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>
/// One layer's W[l] (n[l] × n[l−1], column-major) and b[l] (n[l]); also the shape of their gradients. The numbers may stand
/// in memory that another process has mapped too, so that nobody need copy them.
/// </summary>
public sealed class LayerParameters
{
    public LayerParameters(int outputs, int inputs)
        : this(outputs, inputs, new float[checked(outputs * (inputs + 1))])
    {
    }

    /// <param name="numbers">W column after column, then b.</param>
    /// <exception cref="ArgumentException">The memory has another length.</exception>
    public LayerParameters(int outputs, int inputs, Memory<float> numbers)
    {
        Numbers = numbers;
        int weights = checked(outputs * inputs);
        Weights = new ColumnBlock(numbers[..weights], outputs, inputs);
        Biases = new ColumnBlock(numbers[weights..], outputs, 1);
    }

    /// <summary>W column after column, then b.</summary>
    public Memory<float> Numbers { get; }

    /// <summary>W[l], n[l] × n[l−1]; row j, column k: from neuron k of the layer before to neuron j.</summary>
    public ColumnBlock Weights { get; }

    /// <summary>b[l], n[l] × 1.</summary>
    public ColumnBlock Biases { get; }

    public int Outputs => Weights.Rows;

    public int Inputs => Weights.Columns;

    /// <summary>Elements of W and b together.</summary>
    public int Count => Numbers.Length;

    /// <summary>True when none of the numbers is NaN or infinite.</summary>
    public bool IsFinite() => Finite.All(Numbers.Span);

    /// <inheritdoc cref="Finite.AllWithin"/>
    public bool IsWithin(float limit) => Finite.AllWithin(Numbers.Span, limit);

    /// <summary>True when all numbers have the same bits as the other's: −0 is not 0 here, and a NaN equals itself.</summary>
    public bool HasSameBits(LayerParameters other) =>
        MemoryMarshal.AsBytes(Numbers.Span).SequenceEqual(MemoryMarshal.AsBytes(other.Numbers.Span));

    public void CopyTo(LayerParameters destination) => Numbers.Span.CopyTo(destination.Numbers.Span);
}
