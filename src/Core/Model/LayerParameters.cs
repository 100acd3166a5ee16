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

    public void CopyTo(LayerParameters destination)
    {
        Weights.Values.AsSpan().CopyTo(destination.Weights.Values);
        Biases.Values.AsSpan().CopyTo(destination.Biases.Values);
    }
}
