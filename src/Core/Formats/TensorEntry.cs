using System.Numerics;
using System.Text.Json;

namespace Backprop.Core.Formats;

/// <summary>What a safetensors header says of one tensor, which is float32.</summary>
/// <param name="Start">First byte, from the end of the header.</param>
/// <param name="End">The byte after the last.</param>
internal sealed record TensorEntry(string Name, int[] Shape, long Start, long End)
{
    private const int DimensionsAtMost = 8;

    public int Count => (int)((End - Start) / sizeof(float));

    /// <exception cref="FormatException">A part is missing, of another kind, or does not fit the others.</exception>
    public static TensorEntry Read(JsonProperty property)
    {
        string name = $"tensor {QuotedText.Of(property.Name)}";
        string? type = Part(name, property, "dtype", JsonValueKind.String).GetString();
        if (type != "F32")
            throw new FormatException($"{name} is of type {QuotedText.Of(type!)}; F32 fits");
        int[] shape = ReadShape(name, Part(name, property, "shape", JsonValueKind.Array));
        JsonElement offsets = Part(name, property, "data_offsets", JsonValueKind.Array);
        if (offsets.GetArrayLength() != 2)
            throw new FormatException($"{name} has {offsets.GetArrayLength()} offsets; 2 fit");
        (long start, long end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
        BigInteger length = shape.Aggregate((BigInteger)sizeof(float), (product, size) => product * size);
        return start >= 0 && (BigInteger)end - start == length && length <= (BigInteger)Array.MaxLength * sizeof(float)
            ? new TensorEntry(property.Name, shape, start, end)
            : throw new FormatException($"{name} of shape [{string.Join(", ", shape)}] does not fit bytes {start} to {end}");
    }

    private static int[] ReadShape(string name, JsonElement shape)
    {
        if (shape.GetArrayLength() > DimensionsAtMost)
            throw new FormatException($"{name} has {shape.GetArrayLength()} dimensions; up to {DimensionsAtMost} fit");
        int[] sizes = [.. shape.EnumerateArray().Select(size => size.GetInt32())];
        return sizes.All(size => size >= 0)
            ? sizes
            : throw new FormatException($"{name} has the negative shape [{string.Join(", ", sizes)}]");
    }

    private static JsonElement Part(string name, JsonProperty tensor, string part, JsonValueKind kind) =>
        tensor.Value.ValueKind == JsonValueKind.Object && tensor.Value.TryGetProperty(part, out JsonElement value) && value.ValueKind == kind
            ? value
            : throw new FormatException($"{name} has no {part} that is a {(kind == JsonValueKind.String ? "text" : "list")}");
}
