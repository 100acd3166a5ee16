using System.Text.Json;
using System.Text.Json.Nodes;
using Backprop.Coordinator.Progress;

namespace Backprop.Coordinator.Reports;

/// <summary>summary.json: the verdict, which --json also prints.</summary>
public static class SummaryFile
{
    public const string Name = "summary.json";

    public static void Write(string path, RunSummary summary) => WholeFile.Write(path, ToJson(summary) + "\n");

    /// <summary>Indented; losses that are not known are null, and `error` is there only when there is one.</summary>
    public static string ToJson(RunSummary summary)
    {
        JsonObject fields = JsonSerializer.SerializeToNode(summary, ReportJson.Indented)!.AsObject();
        if (summary.Error is null)
            fields.Remove("error");
        return fields.ToJsonString(ReportJson.Indented);
    }
}
