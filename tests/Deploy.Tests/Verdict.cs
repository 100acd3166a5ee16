using System.Text.Json;

namespace Backprop.Deploy.Tests;

/// <summary>What a run says of itself at its end.</summary>
internal static class Verdict
{
    /// <summary>A run directory's summary.json.</summary>
    public static JsonElement Of(string runDirectory) =>
        JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(runDirectory, "summary.json")));

    /// <summary>The weights of a run that has completed.</summary>
    public static string? WeightsOf(string runDirectory)
    {
        JsonElement summary = Of(runDirectory);
        Assert.Equal("completed", summary.GetProperty("status").GetString());
        return summary.GetProperty("weights_sha256").GetString();
    }
}
