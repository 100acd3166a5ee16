using Backprop.Core.Model;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Backprop.Core.Reference;

/// <summary>W[l] and b[l] of all layers in double precision; also the shape of their gradients.</summary>
public sealed class ReferenceParameters
{
    public ReferenceParameters(NetworkShape shape)
    {
        Shape = shape;
        var weights = new DenseMatrix[shape.LayerCount];
        var biases = new DenseVector[shape.LayerCount];
        for (int layer = 0; layer < weights.Length; layer++)
        {
            weights[layer] = new DenseMatrix(shape.Sizes[layer + 1], shape.Sizes[layer]);
            biases[layer] = new DenseVector(shape.Sizes[layer + 1]);
        }

        Weights = weights;
        Biases = biases;
    }

    public NetworkShape Shape { get; }

    /// <summary>W of layer l + 2 at [l], n[l+2] × n[l+1].</summary>
    public IReadOnlyList<DenseMatrix> Weights { get; }

    /// <summary>b of layer l + 2 at [l].</summary>
    public IReadOnlyList<DenseVector> Biases { get; }

    public int Count => (int)Shape.ParameterCount;

    /// <summary>
    /// One weight or bias by its number from 0: layer after layer, a layer's weights column by column, then its biases.
    /// </summary>
    public ref double this[int index]
    {
        get
        {
            int rest = index;
            for (int layer = 0; layer < Weights.Count; layer++)
            {
                double[] weights = Weights[layer].Values;
                double[] biases = Biases[layer].Values;
                if (rest < weights.Length)
                    return ref weights[rest];
                rest -= weights.Length;
                if (rest < biases.Length)
                    return ref biases[rest];
                rest -= biases.Length;
            }

            throw new ArgumentOutOfRangeException(nameof(index), index, $"{Shape} has {Count} weights and biases.");
        }
    }

    /// <summary>The same numbers as in single precision, widened without rounding.</summary>
    public static ReferenceParameters From(Parameters parameters)
    {
        var widened = new ReferenceParameters(parameters.Shape);
        for (int layer = 0; layer < parameters.Layers.Count; layer++)
            widened.SetLayer(layer, parameters.Layers[layer]);
        return widened;
    }

    /// <summary>Takes over a layer's numbers from single precision.</summary>
    public void SetLayer(int layer, LayerParameters values)
    {
        Widen(values.Weights.Values, Weights[layer].Values);
        Widen(values.Biases.Values, Biases[layer].Values);
    }

    public ReferenceParameters Copy()
    {
        var copy = new ReferenceParameters(Shape);
        for (int layer = 0; layer < Weights.Count; layer++)
        {
            Weights[layer].Values.CopyTo(copy.Weights[layer].Values.AsSpan());
            Biases[layer].Values.CopyTo(copy.Biases[layer].Values.AsSpan());
        }

        return copy;
    }

    private static void Widen(ReadOnlySpan<float> from, double[] to)
    {
        for (int i = 0; i < from.Length; i++)
            to[i] = from[i];
    }
}
