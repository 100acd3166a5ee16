using System.Text.Encodings.Web;
using System.Text.Json;

namespace Backprop.Core.Formats;

/// <summary>The JSON header of a safetensors file.</summary>
internal sealed record SafetensorsHeader(
    IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<TensorEntry> Tensors)
{
    private const string MetadataKey = "__metadata__";

    // A header is no web page: what JSON lets stand stands as it is, so that each character has one way to be written.
    private static readonly JsonWriterOptions plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(IReadOnlyDictionary<string, string> metadata, IReadOnlyList<NamedTensor> tensors)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, plain))
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
            if (bytes is not [(byte)'{', ..])
                throw Bad(path, "its header does not begin with {");
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
            var metadata = new Dictionary<string, string>();
            var tensors = new List<TensorEntry>();
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.Name != MetadataKey)
                {
                    tensors.Add(TensorEntry.Read(property));
                    continue;
                }

                foreach (JsonProperty entry in property.Value.EnumerateObject())
                    metadata[entry.Name] = entry.Value.GetString() ?? throw new FormatException($"metadata {QuotedText.Of(entry.Name)} is null");
            }

            // An empty tensor begins where the next one does.
            tensors.Sort((a, b) => (a.Start, a.End).CompareTo((b.Start, b.End)));
            long next = 0;
            foreach (TensorEntry tensor in tensors)
            {
                if (tensor.Start != next)
                    throw Bad(path, $"tensor {QuotedText.Of(tensor.Name)} begins at byte {tensor.Start}, where {next} is expected");
                next = tensor.End;
            }

            if (next != contentLength)
                throw Bad(path, $"its tensors take {next} bytes; {contentLength} follow the header");
            return new SafetensorsHeader(metadata, tensors);
        }
        catch (JsonException error)
        {
            // Its message may quote the file at any length.
            string what = error.BytePositionInLine is { } position
                ? $"its header is not JSON from byte {position} of line {error.LineNumber + 1} on"
                : "its header has a name twice";
            throw new UserErrorException($"{path} is no safetensors file: {what}.", error);
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException)
        {
            throw new UserErrorException($"{path} is no safetensors file: its header is not as it should be: {error.Message.TrimEnd('.')}.", error);
        }
    }

    private static UserErrorException Bad(string path, string what) => new($"{path} is no safetensors file: {what}.");
}
