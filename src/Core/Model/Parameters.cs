using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Backprop.Core.Model;

/// <summary>All weights and biases of a network, layer 2 to L in <see cref="Layers"/>[0] … [L−2].</summary>
public sealed class Parameters
{
    public Parameters(NetworkShape shape)
    {
        Shape = shape;
        var layers = new LayerParameters[shape.LayerCount];
        for (int layer = 0; layer < layers.Length; layer++)
            layers[layer] = new LayerParameters(shape.Sizes[layer + 1], shape.Sizes[layer]);
        Layers = layers;
    }

    /// <param name="numbers">The layers' numbers in ascending order, without gaps: they stay where they stand.</param>
    /// <exception cref="ArgumentException">The memory has another length.</exception>
    public Parameters(NetworkShape shape, Memory<float> numbers)
    {
        if (numbers.Length != shape.ParameterCount)
            throw new ArgumentException($"Memory of {numbers.Length} numbers for the {shape.ParameterCount} parameters of {shape}.");
        Shape = shape;
        var layers = new LayerParameters[shape.LayerCount];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            (int inputs, int outputs) = (shape.Sizes[layer], shape.Sizes[layer + 1]);
            int count = outputs * (inputs + 1);
            layers[layer] = new LayerParameters(outputs, inputs, numbers[..count]);
            numbers = numbers[count..];
        }

        Layers = layers;
    }

    public NetworkShape Shape { get; }

    public IReadOnlyList<LayerParameters> Layers { get; }

    /// <summary>The same numbers in arrays of their own.</summary>
    public Parameters Copy()
    {
        var copy = new Parameters(Shape);
        CopyTo(copy);
        return copy;
    }

    public void CopyTo(Parameters destination)
    {
        for (int layer = 0; layer < Layers.Count; layer++)
            Layers[layer].CopyTo(destination.Layers[layer]);
    }

    /// <summary>True when no weight or bias is NaN or infinite.</summary>
    public bool AreFinite() => Layers.All(layer => layer.IsFinite());

    /// <summary>
    /// The SHA-256 of all parameters as little-endian float32 in the order of the file: each layer's weights row by
    /// row, then its biases. Lower-case hexadecimal.
    /// </summary>
    public string ComputeSha256()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (LayerParameters layer in Layers)
        {
            byte[] row = new byte[layer.Inputs * sizeof(float)];
            ReadOnlySpan<float> weights = layer.Weights.Values;
            for (int j = 0; j < layer.Outputs; j++)
            {
                for (int k = 0; k < layer.Inputs; k++)
                {
                    BinaryPrimitives.WriteSingleLittleEndian(
                        row.AsSpan(k * sizeof(float)), weights[(k * layer.Outputs) + j]);
                }

                hash.AppendData(row);
            }

            byte[] biases = new byte[layer.Outputs * sizeof(float)];
            for (int j = 0; j < layer.Outputs; j++)
                BinaryPrimitives.WriteSingleLittleEndian(biases.AsSpan(j * sizeof(float)), layer.Biases.Values[j]);
            hash.AppendData(biases);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
