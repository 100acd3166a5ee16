using System.Text.Json;

namespace Backprop.Core.Formats;

/// <summary>The JSON header of a safetensors file.</summary>
internal sealed record SafetensorsHeader(
    IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<(string Name, int[] Shape, int Count)> Tensors)
{
    private const string MetadataKey = "__metadata__";

    public static byte[] Write(IReadOnlyDictionary<string, string> metadata, IReadOnlyList<NamedTensor> tensors)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartObject(MetadataKey);
            foreach ((string key, string value) in metadata)
                json.WriteString(key, value);
            json.WriteEndObject();
            long offset = 0;
            foreach (NamedTensor tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (int length in tensor.Shape)
                    json.WriteNumberValue(length);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                offset += tensor.Values.LongLength * sizeof(float);
                json.WriteNumberValue(offset);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>Reads and checks a header: every tensor float32, one after another, without gap or overlap.</summary>
    /// <param name="contentLength">Bytes after the header.</param>
    /// <exception cref="UserErrorException">It is no such header.</exception>
    public static SafetensorsHeader Read(string path, byte[] bytes, long contentLength)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var metadata = new Dictionary<string, string>();
            var tensors = new List<(string Name, int[] Shape, long Start, long End)>();
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (!names.Add(property.Name))
                    throw Bad(path, $"two entries named '{property.Name}'");
                if (property.Name == MetadataKey)
                {
                    foreach (JsonProperty entry in property.Value.EnumerateObject())
                        metadata[entry.Name] = entry.Value.GetString() ?? "";
                }
                else
                {
                    tensors.Add(ReadTensor(path, property));
                }
            }

            tensors.Sort((a, b) => a.Start.CompareTo(b.Start));
            long next = 0;
            foreach ((string name, _, long start, long end) in tensors)
            {
                if (start != next)
                    throw Bad(path, $"tensor '{name}' begins at byte {start}, where {next} is expected");
                next = end;
            }

            if (next != contentLength)
                throw Bad(path, $"its tensors take {next} bytes; {contentLength} follow the header");
            return new SafetensorsHeader(
                metadata, [.. tensors.Select(tensor => (tensor.Name, tensor.Shape, (int)((tensor.End - tensor.Start) / sizeof(float))))]);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException
            or KeyNotFoundException)
        {
            throw new UserErrorException($"{path} is no safetensors file: its header is not as it should be: {error.Message}", error);
        }
    }

    private static (string Name, int[] Shape, long Start, long End) ReadTensor(string path, JsonProperty property)
    {
        string? type = property.Value.GetProperty("dtype").GetString();
        if (type != "F32")
            throw Bad(path, $"tensor '{property.Name}' is of type {type}; F32 fits");
        int[] shape = [.. property.Value.GetProperty("shape").EnumerateArray().Select(length => length.GetInt32())];
        JsonElement offsets = property.Value.GetProperty("data_offsets");
        if (offsets.GetArrayLength() != 2)
            throw Bad(path, $"tensor '{property.Name}' has {offsets.GetArrayLength()} offsets, not 2");
        (long start, long end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
        decimal count = 1;
        foreach (int length in shape)
            count = length < 0 || count > int.MaxValue ? -1 : count * length;
        if (count is < 0 or > int.MaxValue || start < 0 || end - start != count * sizeof(float))
        {
            throw Bad(
                path, $"tensor '{property.Name}' of shape [{string.Join(", ", shape)}] does not fit bytes {start} to {end}");
        }

        return (property.Name, shape, start, end);
    }

    private static UserErrorException Bad(string path, string what) => new($"{path} is no safetensors file: {what}.");
}
