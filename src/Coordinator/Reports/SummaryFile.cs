using System.Text.Json;
using System.Text.Json.Nodes;
using Backprop.Coordinator.Progress;

namespace Backprop.Coordinator.Reports;

/// <summary>summary.json: the verdict, which --json also prints.</summary>
public static class SummaryFile
{
    public const string Name = "summary.json";

    public static void Write(string path, RunSummary summary) => WholeFile.Write(path, ToJson(summary) + "\n");

    /// <summary>Indented; losses that are not known are null; `error`, `resumed_from_step` and `nodes_compared` are there only when there are any.</summary>
    public static string ToJson(RunSummary summary)
    {
        JsonObject fields = JsonSerializer.SerializeToNode(summary, ReportJson.Indented)!.AsObject();
        if (summary.Error is null)
            fields.Remove("error");
        if (summary.ResumedFromStep is null)
            fields.Remove("resumed_from_step");
        if (summary.NodesCompared is null)
            fields.Remove("nodes_compared");
        return fields.ToJsonString(ReportJson.Indented);
    }

    /// <summary>What was written; null where there is no whole one.</summary>
    public static RunSummary? TryRead(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<RunSummary>(WholeFile.Read(path), ReportJson.Indented);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
