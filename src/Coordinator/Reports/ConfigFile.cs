using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Backprop.Core;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Reports;

/// <summary>config.json: everything that determines the result, with the versions that ran.</summary>
public static class ConfigFile
{
    public const string Name = "config.json";

    public static void Write(string path, RunConfiguration configuration, string datasetName) =>
        WholeFile.Write(path, ToJson(configuration, datasetName) + "\n");

    public static string ToJson(RunConfiguration configuration, string datasetName)
    {
        JsonObject fields = JsonSerializer.SerializeToNode(configuration, ReportJson.Indented)!.AsObject();
        // Derived from `layers`.
        fields.Remove("shape");
        fields.Insert(0, "dataset", datasetName);
        fields["versions"] = new JsonObject
        {
            ["backprop"] = ProgramVersion.Text,
            ["dotnet"] = Environment.Version.ToString(),
            ["os"] = RuntimeInformation.OSDescription,
            ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
        };
        return fields.ToJsonString(ReportJson.Indented);
    }

    /// <exception cref="UserErrorException">The file is not such a configuration.</exception>
    public static RunConfiguration Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<RunConfiguration>(File.ReadAllText(path), ReportJson.Indented)
                ?? throw new JsonException("it is null");
        }
        catch (JsonException exception)
        {
            throw new UserErrorException($"{path} is not a run's configuration: {exception.Message}", exception);
        }
    }
}
