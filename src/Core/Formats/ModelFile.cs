using System.Text.Json;
using Backprop.Core.Model;

namespace Backprop.Core.Formats;

/// <summary>What a model's file says of it beside its weights.</summary>
/// <param name="Classes">Names of the classes where known.</param>
public sealed record ModelMetadata(
    string Layers, string Activations, string Cost, string Dataset, IReadOnlyList<string>? Classes);

/// <summary>A trained network in a safetensors file.</summary>
public static class ModelFile
{
    public const string Format = "backprop/1";

    /// <summary>Writes atomically.</summary>
    public static void Write(string path, Parameters parameters, ModelMetadata metadata)
    {
        var entries = new Dictionary<string, string>
        {
            ["format"] = Format,
            ["layers"] = metadata.Layers,
            ["activations"] = metadata.Activations,
            ["cost"] = metadata.Cost,
            ["dataset"] = metadata.Dataset,
        };
        if (metadata.Classes is not null)
            entries["classes"] = JsonSerializer.Serialize(metadata.Classes);
        AtomicFile.Write(path, stream => SafetensorsFile.Write(stream, entries, [.. ParameterTensors.Of(parameters)]));
    }

    /// <exception cref="UserErrorException">It is no model of this program.</exception>
    public static (Parameters Parameters, ModelMetadata Metadata) Read(string path) => Read(path, SafetensorsFile.Read(path));

    internal static (Parameters Parameters, ModelMetadata Metadata) Read(string path, SafetensorsFile file)
    {
        if (file.Metadata.GetValueOrDefault("format") is not Format)
            throw new UserErrorException($"{path} is no model of this program: its metadata has no format {Format}.");
        NetworkShape shape = ParameterTensors.ShapeOf(path, file);
        string layers = Entry(path, file, "layers");
        if (layers != shape.ToString())
            throw new UserErrorException($"{path}: its metadata says layers {QuotedText.Of(layers)}, its tensors are {shape}.");
        return (
            ParameterTensors.Read(path, file, shape),
            new ModelMetadata(
                layers, Entry(path, file, "activations"), Entry(path, file, "cost"),
                file.Metadata.GetValueOrDefault("dataset") ?? "", ReadClasses(path, file, shape.Outputs)));
    }

    /// <summary>Weights to start from: any safetensors file with layers.N.weight and layers.N.bias.</summary>
    /// <exception cref="UserErrorException">It holds no network.</exception>
    public static Parameters ReadParameters(string path)
    {
        SafetensorsFile file = SafetensorsFile.Read(path);
        return ParameterTensors.Read(path, file, ParameterTensors.ShapeOf(path, file));
    }

    private static string Entry(string path, SafetensorsFile file, string key) => file.Metadata.GetValueOrDefault(key)
        ?? throw new UserErrorException($"{path} is no model of this program: its metadata has no {key}.");

    private static List<string>? ReadClasses(string path, SafetensorsFile file, int outputs)
    {
        if (!file.Metadata.TryGetValue("classes", out string? classes))
            return null;
        try
        {
            List<string>? names = JsonSerializer.Deserialize<List<string>>(classes);
            return names is not null && names.Count == outputs && names.All(name => name is not null)
                ? names
                : throw new UserErrorException($"{path}: the names of its classes are no list of {outputs} names.");
        }
        catch (JsonException error)
        {
            throw new UserErrorException($"{path}: the names of its classes are no list of {outputs} names.", error);
        }
    }
}
