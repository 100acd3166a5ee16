using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Backprop.Coordinator.Reports;

/// <summary>How runs are written as JSON, in files and on the page: snake_case, numbers as they are, null for NaN and ±∞.</summary>
internal static class ReportJson
{
    /// <summary>One line, for metrics.jsonl and the page's feed.</summary>
    public static JsonSerializerOptions Compact { get; } = Create(indented: false);

    /// <summary>For files that people open.</summary>
    public static JsonSerializerOptions Indented { get; } = Create(indented: true);

    private static JsonSerializerOptions Create(bool indented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = indented,
        NewLine = "\n",
        // Paths and names stay readable. Nothing here is ever placed into HTML text.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters =
        {
            new FiniteNumberConverter(),
            new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false),
        },
    };

    /// <summary>JSON has no word for NaN or infinity, and a diverged run must still leave a file that parses.</summary>
    private sealed class FiniteNumberConverter : JsonConverter<double>
    {
        public override bool HandleNull => true;

        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value))
                writer.WriteNumberValue(value);
            else
                writer.WriteNullValue();
        }
    }
}
