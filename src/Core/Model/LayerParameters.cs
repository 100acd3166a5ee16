using System.Runtime.InteropServices;
using Backprop.Core.Elements;
using MathNet.Numerics.LinearAlgebra.Single;

namespace Backprop.Core.Model;

/// <summary>One layer's W[l] (n[l] × n[l−1], column-major) and b[l] (n[l]); also the shape of their gradients.</summary>
public sealed class LayerParameters
{
    public LayerParameters(int outputs, int inputs)
    {
        Weights = new DenseMatrix(outputs, inputs);
        Biases = new DenseVector(outputs);
    }

    /// <summary>W[l], n[l] × n[l−1]; row j, column k: from neuron k of the layer before to neuron j.</summary>
    public DenseMatrix Weights { get; }

    /// <summary>b[l], n[l].</summary>
    public DenseVector Biases { get; }

    public int Outputs => Weights.RowCount;

    public int Inputs => Weights.ColumnCount;

    /// <summary>Elements of W and b together.</summary>
    public int Count => Weights.Values.Length + Biases.Values.Length;

    /// <summary>True when none of the numbers is NaN or infinite.</summary>
    public bool IsFinite() => Finite.All(Weights.Values) && Finite.All(Biases.Values);

    /// <inheritdoc cref="Finite.AllWithin"/>
    public bool IsWithin(float limit, Share share) =>
        Finite.AllWithin(Weights.Values.AsSpan(share.Of(Weights.Values.Length)), limit)
        && Finite.AllWithin(Biases.Values.AsSpan(share.Of(Biases.Values.Length)), limit);

    /// <summary>True when all numbers have the same bits as the other's: −0 is not 0 here, and a NaN equals itself.</summary>
    public bool HasSameBits(LayerParameters other) =>
        SameBits(Weights.Values, other.Weights.Values) && SameBits(Biases.Values, other.Biases.Values);

    public void CopyTo(LayerParameters destination)
    {
        Weights.Values.AsSpan().CopyTo(destination.Weights.Values);
        Biases.Values.AsSpan().CopyTo(destination.Biases.Values);
    }

    private static bool SameBits(float[] left, float[] right) =>
        MemoryMarshal.AsBytes(left.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(right.AsSpan()));
}
