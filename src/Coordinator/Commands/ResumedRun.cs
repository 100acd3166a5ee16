using System.Globalization;
using Backprop.CommandLine;
using Backprop.Coordinator.Reports;
using Backprop.Scheduling;
using Backprop.Core;
using Backprop.Core.Data;
using Backprop.Core.Formats;
using Backprop.Core.Model;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Commands;

/// <summary>A run that goes on: found in its directory, and found to be the one that the command line means.</summary>
/// <param name="Options">As if all of them had been given to <c>train</c>.</param>
/// <param name="Setup">With the start that the checkpoint holds.</param>
/// <param name="Notices">What a person should know of the start, a line each.</param>
internal sealed record ResumedRun(TrainOptions Options, RunSetup Setup, IReadOnlyList<(NoticeKind Kind, string Line)> Notices)
{
    /// <exception cref="UserErrorException">There is nothing to go on from, or something differs from the run.</exception>
    public static ResumedRun Find(RunDirectory directory, ResumeRequest request)
    {
        string resume = request.Command;
        (string Path, Checkpoint Checkpoint)? found = directory.ReadNewestCheckpoint(out IReadOnlyList<string> refused);
        SavedConfiguration? saved = File.Exists(directory.ConfigPath) ? ConfigFile.Read(directory.ConfigPath) : null;
        RunConfiguration run = found?.Checkpoint.Configuration ?? saved!.Configuration;
        if (saved is not null && Differences(saved.Configuration, run) is { Length: > 0 } differences)
        {
            throw new UserErrorException(
                $"{resume}: {ConfigFile.Name} is not of the run whose checkpoint is {found!.Value.Path}: {differences}; put {ConfigFile.Name} right, or delete it and give --dataset.");
        }

        RequireSame(request, run);
        if (found is null && run.InitSha256 is not null && !request.Says(TrainSettings.Init))
        {
            throw new UserErrorException(
                $"{resume}: it has no checkpoint yet, and its first weights came from a file; give --init FILE with the weights of SHA-256 {run.InitSha256}.");
        }

        TrainOptions options = TrainOptionsReader.Read(request.Values.Over(Texts(request, run, saved, isFresh: found is null)));
        Dataset dataset = Datasets.Open(options.Data);
        if (dataset.Sha256 != run.DatasetSha256)
        {
            throw new UserErrorException(
                $"{resume}: data set {options.Data.Name} is not the run's: its SHA-256 is {dataset.Sha256}{Counts(dataset, saved)}, the run's {run.DatasetSha256}; give --dataset with the data that the run has trained on.");
        }

        RunSetup setup = RunSetup.Create(options, dataset);
        if (found is null)
            return new ResumedRun(options, setup, [FromTheStart(directory)]);
        Checkpoint checkpoint = found.Value.Checkpoint;
        setup = setup with
        {
            Configuration = run,
            Start = new TrainingStart(checkpoint.Parameters, checkpoint.NextStep, checkpoint.State, checkpoint.EpochTotals),
        };
        Check(resume, found.Value.Path, setup);
        return new ResumedRun(options, setup, [.. refused.Select(line => (NoticeKind.Warning, line)), .. Told(checkpoint, setup)]);
    }

    /// <summary>A run that has trained had checkpoints.</summary>
    private static (NoticeKind Kind, string Line) FromTheStart(RunDirectory directory)
    {
        long steps = directory.StepsOfLedger();
        return steps == 0
            ? (NoticeKind.RunResumed, "no checkpoint yet: training begins at step 0")
            : (NoticeKind.Warning, string.Create(CultureInfo.InvariantCulture, $"WARNING: {LedgerFile.Name} tells of {steps:N0} steps, and no checkpoint is there any more: training begins again at step 0"));
    }

    private static IEnumerable<(NoticeKind Kind, string Line)> Told(Checkpoint checkpoint, RunSetup setup)
    {
        if (checkpoint.Version != ProgramVersion.Text)
            yield return (NoticeKind.Warning, $"WARNING: the checkpoint is of version {checkpoint.Version}, this is {ProgramVersion.Text}: the weights may differ from an uninterrupted run's");
        yield return (NoticeKind.RunResumed, setup.Start.IsComplete(setup.Plan)
            ? "the run is complete: nothing is left to train"
            : string.Create(CultureInfo.InvariantCulture, $"going on from step {checkpoint.NextStep:N0} of {setup.Plan.StepCount:N0}"));
    }

    /// <summary>What is said of the options that change the result has to be what the run has.</summary>
    private static void RequireSame(ResumeRequest request, RunConfiguration run)
    {
        SettingValues values = request.Values;
        List<string> differences = [.. ResultSetting.All.Select(setting => setting.Difference(request, run)).OfType<string>()];
        if (request.Says(TrainSettings.Init))
        {
            string file = values.Get(TrainSettings.Init)!;
            ReadableFile.Require(values.Given(TrainSettings.Init), file);
            string sha256 = ModelFile.ReadParameters(file).ComputeSha256();
            if (sha256 != run.InitSha256)
            {
                string has = run.InitSha256 is null ? $"{run.Initializer} weights" : $"weights of SHA-256 {run.InitSha256}";
                differences.Add($"{values.Given(TrainSettings.Init)} with weights of SHA-256 {sha256} where the run has {has}");
            }
        }

        if (differences.Count > 0)
            throw new UserErrorException($"{request.Command}: {string.Join("; ", differences)}; {request.Remedy}.");
    }

    private static string Differences(RunConfiguration saved, RunConfiguration run)
    {
        if (saved == run)
            return "";
        List<string> found =
        [
            .. ResultSetting.All.Where(setting => setting.TextOf(saved) != setting.TextOf(run))
                .Select(setting => $"{setting.Setting.Key} {setting.TextOf(saved)} where the checkpoint has {setting.TextOf(run)}"),
        ];
        if (saved.DatasetSha256 != run.DatasetSha256)
            found.Add($"dataset_sha256 {saved.DatasetSha256} where the checkpoint has {run.DatasetSha256}");
        if (saved.InitSha256 != run.InitSha256)
            found.Add($"init_sha256 {saved.InitSha256 ?? "null"} where the checkpoint has {run.InitSha256 ?? "null"}");
        return string.Join("; ", found);
    }

    /// <summary>The settings that the run has decided; null: as if nobody had said anything.</summary>
    private static Dictionary<Setting, string?> Texts(
        ResumeRequest request, RunConfiguration run, SavedConfiguration? saved, bool isFresh)
    {
        SettingValues values = request.Values;
        Dictionary<Setting, string?> texts = ResultSetting.All.ToDictionary(setting => setting.Setting, string? (setting) => setting.TextOf(run));
        if (!request.IsTraining)
            texts[TrainSettings.RunDirectory] = texts[TrainSettings.OrResume] = null;
        texts[TrainSettings.Init] = isFresh ? request.TextOf(TrainSettings.Init) : null;
        string? dataset = request.TextOf(TrainSettings.Dataset) ?? saved?.Data.Name;
        texts[TrainSettings.Dataset] = dataset
            ?? throw new UserErrorException($"{request.Command}: {ConfigFile.Name} is missing, which says where the data is; give --dataset.");
        bool isCsv = File.Exists(dataset);
        texts[DatasetSettings.TestFile] = request.TextOf(DatasetSettings.TestFile) ?? (isCsv ? saved?.Data.TestFile : null);
        texts[DatasetSettings.LabelColumn] = request.TextOf(DatasetSettings.LabelColumn) ?? (isCsv ? saved?.Data.LabelColumn : null);
        if (!values.IsGiven(DatasetSettings.Directory))
            texts[DatasetSettings.Directory] = saved?.Data.DataDirectory;
        if (!values.IsGiven(TrainSettings.CheckpointEvery) && saved is { CheckpointEvery: > 0 })
            texts[TrainSettings.CheckpointEvery] = saved.CheckpointEvery.ToString(CultureInfo.InvariantCulture);
        if (!values.IsGiven(TrainSettings.Audit) && saved is { Audit: > 0 })
            texts[TrainSettings.Audit] = saved.Audit.ToString("R", CultureInfo.InvariantCulture);
        return texts;
    }

    private static string Counts(Dataset dataset, SavedConfiguration? saved) =>
        saved is null || (saved.TrainingExamples == dataset.Training.Count && saved.TestExamples == dataset.Test.Count)
            ? ""
            : $" ({dataset.Training.Count} examples to train and {dataset.Test.Count} to test where the run has {saved.TrainingExamples} and {saved.TestExamples})";

    /// <summary>A checkpoint that is whole can still tell of steps that such a run does not have.</summary>
    private static void Check(string resume, string path, RunSetup setup)
    {
        (TrainingStart start, TrainingPlan plan) = (setup.Start, setup.Plan);
        if (start.NextStep > plan.StepCount)
            throw new UserErrorException($"{resume}: {path} stands at step {start.NextStep} of a run of {plan.StepCount} steps; delete it.");
        NodeTotals totals = start.EpochTotals;
        int expected = plan.PositionsOf(start.NextStep).Start;
        if (totals.ExampleCount != expected && !(expected == 0 && start.IsEvaluationPending(plan) && totals.ExampleCount == plan.TrainingExamples))
            throw new UserErrorException($"{resume}: {path} counts {totals.ExampleCount} examples of its epoch at step {start.NextStep}, where {expected} are expected; delete it.");
    }
}
