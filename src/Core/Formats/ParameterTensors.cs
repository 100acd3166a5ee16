using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;

namespace Backprop.Core.Formats;

/// <summary>Parameters as the tensors of a file: layers.N.weight, row-major, and layers.N.bias.</summary>
internal static class ParameterTensors
{
    /// <summary>Numbers in a cache line.</summary>
    private const int LineLength = 16;

    public static IEnumerable<NamedTensor> Of(Parameters parameters, string prefix = "layers")
    {
        for (int layer = 0; layer < parameters.Layers.Count; layer++)
        {
            LayerParameters values = parameters.Layers[layer];
            yield return new NamedTensor(
                $"{prefix}.{layer}.weight", [values.Outputs, values.Inputs], RowMajor(values.Weights));
            yield return new NamedTensor($"{prefix}.{layer}.bias", [values.Outputs], values.Biases.Values.ToArray());
        }
    }

    /// <summary>The parameters of a known shape.</summary>
    /// <exception cref="UserErrorException">A tensor is missing or has another shape; the message has both.</exception>
    public static Parameters Read(string path, SafetensorsFile file, NetworkShape shape, string prefix = "layers")
    {
        // All of them before memory is taken for the shape: the file has to be as large as the network.
        var tensors = new (NamedTensor Weight, NamedTensor Bias)[shape.LayerCount];
        for (int layer = 0; layer < tensors.Length; layer++)
        {
            (int inputs, int outputs) = (shape.Sizes[layer], shape.Sizes[layer + 1]);
            tensors[layer] = (
                Demand(path, file, $"{prefix}.{layer}.weight", outputs, inputs),
                Demand(path, file, $"{prefix}.{layer}.bias", outputs));
        }

        var parameters = new Parameters(shape);
        for (int layer = 0; layer < tensors.Length; layer++)
        {
            LayerParameters values = parameters.Layers[layer];
            float[] weight = tensors[layer].Weight.Values;
            for (int j = 0; j < values.Outputs; j++)
            {
                for (int k = 0; k < values.Inputs; k++)
                    values.Weights[j, k] = weight[(j * values.Inputs) + k];
            }

            tensors[layer].Bias.Values.CopyTo(values.Biases.Values);
        }

        return parameters;
    }

    /// <summary>The shape that the tensors themselves tell.</summary>
    /// <exception cref="UserErrorException">They are no network.</exception>
    public static NetworkShape ShapeOf(string path, SafetensorsFile file)
    {
        var sizes = new List<int>();
        for (int layer = 0; file.Find($"layers.{layer}.weight") is { } weight; layer++)
        {
            if (weight.Shape.Count != 2)
                throw new UserErrorException($"{path}: {weight.Name} has shape [{string.Join(", ", weight.Shape)}]; [outputs, inputs] fits.");
            if (layer == 0)
                sizes.Add(weight.Shape[1]);
            sizes.Add(weight.Shape[0]);
        }

        try
        {
            return sizes.Count == 0
                ? throw new UserErrorException($"{path} holds no weights: layers.0.weight is missing.")
                : new NetworkShape([.. sizes]);
        }
        catch (ArgumentException error)
        {
            throw new UserErrorException($"{path} holds no network: {error.Message}", error);
        }
    }

    /// <summary>Transposes, as many columns at a time as a cache line has room for: what is written of a line is written at once.</summary>
    private static float[] RowMajor(ColumnBlock weights)
    {
        float[] rows = new float[weights.Rows * weights.Columns];
        for (int first = 0; first < weights.Columns; first += LineLength)
        {
            int count = Math.Min(LineLength, weights.Columns - first);
            ReadOnlySpan<float> columns = weights.Memory.Span.Slice(first * weights.Rows, count * weights.Rows);
            for (int j = 0; j < weights.Rows; j++)
            {
                Span<float> line = rows.AsSpan((j * weights.Columns) + first, count);
                for (int k = 0; k < line.Length; k++)
                    line[k] = columns[(k * weights.Rows) + j];
            }
        }

        return rows;
    }

    private static NamedTensor Demand(string path, SafetensorsFile file, string name, params int[] shape)
    {
        NamedTensor tensor = file.Find(name) ?? throw new UserErrorException($"{path} has no tensor {name}.");
        return tensor.Shape.SequenceEqual(shape)
            ? tensor
            : throw new UserErrorException(
                $"{path}: {name} has shape [{string.Join(", ", tensor.Shape)}]; [{string.Join(", ", shape)}] fits.");
    }
}
