using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Backprop.Coordinator.Progress;
using Backprop.Core;
using Backprop.Core.Data;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Reports;

/// <summary>What config.json says of a run.</summary>
/// <param name="Configuration">All that determines the result.</param>
/// <param name="Data">Where the data set was found, in paths that hold from any directory.</param>
/// <param name="TrainingExamples">How many it had.</param>
/// <param name="CheckpointEvery">Steps; 0: at the end of every epoch.</param>
/// <param name="Audit">The share of the nodes that is computed twice.</param>
public sealed record SavedConfiguration(
    RunConfiguration Configuration, DatasetRequest Data, int TrainingExamples, int TestExamples, int CheckpointEvery, double Audit);

/// <summary>config.json: everything that determines the result, where its data is, and the versions that ran.</summary>
public static class ConfigFile
{
    public const string Name = "config.json";

    private const string Remedy = "Put it right, or delete it and resume with --dataset.";

    public static void Write(string path, RunDescription run) => WholeFile.Write(path, ToJson(run) + "\n");

    public static string ToJson(RunDescription run)
    {
        JsonObject fields = JsonSerializer.SerializeToNode(run.Configuration, ReportJson.Indented)!.AsObject();
        // Derived from `layers`.
        fields.Remove("shape");
        fields.Insert(0, "dataset", run.DatasetName);
        fields["training_examples"] = run.TrainingExamples;
        fields["test_examples"] = run.TestExamples;
        fields["checkpoint_every"] = run.Plan.CheckpointEvery;
        fields["audit"] = run.Audit;
        fields["data"] = JsonSerializer.SerializeToNode(Findable(run.Data), ReportJson.Indented);
        fields["versions"] = new JsonObject
        {
            ["backprop"] = ProgramVersion.Text,
            ["dotnet"] = Environment.Version.ToString(),
            ["os"] = RuntimeInformation.OSDescription,
            ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
        };
        return fields.ToJsonString(ReportJson.Indented);
    }

    /// <exception cref="UserErrorException">The file cannot be read, or is not such a configuration.</exception>
    public static SavedConfiguration Read(string path)
    {
        try
        {
            string text = WholeFile.Read(path);
            if (text.Length == 0)
                throw new UserErrorException($"{path} is not a run's configuration: it is empty, or no file. {Remedy}");
            RunConfiguration configuration = JsonSerializer.Deserialize<RunConfiguration>(text, ReportJson.Indented)
                ?? throw new JsonException("it is null");
            Rest rest = JsonSerializer.Deserialize<Rest>(text, ReportJson.Indented)!;
            if (rest is { Audit: not (>= 0 and <= 1) } or { CheckpointEvery: < 0 } or { TrainingExamples: < 1 } or { TestExamples: < 1 })
            {
                throw new UserErrorException(FormattableString.Invariant(
                    $"{path} has audit {rest.Audit}, checkpoint_every {rest.CheckpointEvery}, training_examples {rest.TrainingExamples}, test_examples {rest.TestExamples}; from 0 to 1, from 0, and from 1 fit. {Remedy}"));
            }

            return new SavedConfiguration(configuration, rest.Data, rest.TrainingExamples, rest.TestExamples, rest.CheckpointEvery, rest.Audit);
        }
        catch (JsonException exception)
        {
            throw new UserErrorException($"{path} is not a run's configuration: {exception.Message.TrimEnd('.')}. {Remedy}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"{path} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>The same data set, to be found from any working directory.</summary>
    private static DatasetRequest Findable(DatasetRequest data) => new(
        Datasets.Names.Contains(data.Name) ? data.Name : Path.GetFullPath(data.Name),
        data.DataDirectory is null ? null : Path.GetFullPath(data.DataDirectory),
        data.TestFile is null ? null : Path.GetFullPath(data.TestFile), data.LabelColumn);

    private sealed record Rest
    {
        public required DatasetRequest Data { get; init; }

        public required int TrainingExamples { get; init; }

        public required int TestExamples { get; init; }

        public required int CheckpointEvery { get; init; }

        public double Audit { get; init; }
    }
}
