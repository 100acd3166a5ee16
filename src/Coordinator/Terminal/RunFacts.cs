using System.Globalization;
using Backprop.Coordinator.Progress;
using Backprop.Core.Data;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Terminal;

/// <summary>What a person is told of a run before it starts and after it has ended, line by line.</summary>
internal static class RunFacts
{
    /// <summary>How a person calls this program: a published one has its code within itself.</summary>
    private static readonly string program =
        Environment.ProcessPath is { } path && !File.Exists(Path.Combine(AppContext.BaseDirectory, typeof(RunFacts).Assembly.GetName().Name + ".dll"))
            ? Quoted(path)
            : "dotnet run --project src/Coordinator -c Release --";

    public static IEnumerable<string> Of(RunDescription run)
    {
        var c = run.Configuration;
        yield return Invariant($"data set    {run.DatasetName}: {run.TrainingExamples:N0} to train, {run.TestExamples:N0} to test");
        yield return Invariant($"network     {c.Layers}, {c.Activations}, {c.Cost} cost");
        yield return Invariant($"training    {Count(c.Epochs, "epoch")}, mini-batches of {c.MiniBatch} in {Count(c.Shards, "shard")}, {Descent(c)}, {Start(c)}{(c.Shuffle ? "" : ", the order of the file")}");
        yield return $"workers     {Workers(run)}";
        if (run.DashboardAddress is not null)
            yield return $"page        {run.DashboardAddress}";
        yield return $"writes to   {run.RunDirectory}";
    }

    public static IEnumerable<string> Verdict(RunSummary summary, IReadOnlyList<string> written, RunDescription? run)
    {
        string accuracy = summary.TestAccuracy is { } share ? Invariant($"test accuracy {share * 100:0.00} %, ") : "";
        yield return Invariant(
            $"{summary.Status}: {accuracy}{Count(summary.Steps, "step")} in {summary.TrainingSeconds:0.0} s of training, {summary.ExamplesPerSecond:N0} examples/s");
        if (summary.Error is not null)
            yield return $"error: {summary.Error}";
        yield return $"weights_sha256 {summary.WeightsSha256}";
        if (run is { InProcess: false })
            yield return Invariant($"workers joined {summary.Workers.Joined}, lost {summary.Workers.Lost}; nodes reassigned {summary.NodesReassigned}")
                + (summary.NodesCompared is { } compared ? Invariant($", {compared} compared with a second value") : "");
        foreach (string path in written)
            yield return $"wrote {path}";
        if (run is null)
            yield break;
        if (summary is { Status: "completed", Error: null })
            yield return $"next: {program} evaluate {Quoted(run.RunDirectory)}{DataOptions(run.Data)}";
        else if (CanGoOn(summary, written))
            yield return $"next: {program} resume {Quoted(run.RunDirectory)}{string.Concat(run.ResumeOptions.Select(word => $" {Quoted(word)}"))}";
    }

    /// <summary>A run that failed goes on from its checkpoint, unless it would fail again.</summary>
    private static bool CanGoOn(RunSummary summary, IReadOnlyList<string> written) =>
        summary.Status is "interrupted" or "completed"
        || (!Divergence.IsCauseOf(summary.Error ?? "") && written.Any(path => Path.GetFileName(path).StartsWith("step-", StringComparison.Ordinal)));

    private static string Descent(RunConfiguration c) => Invariant($"{c.Optimizer}, learning rate {c.LearningRate}")
        + (c.Momentum == 0 ? "" : Invariant($", momentum {c.Momentum}"))
        + (c.L2 == 0 ? "" : Invariant($", weight decay {c.L2}"))
        + (c.Schedule == "constant" ? "" : $", schedule {c.Schedule}");

    private static string Start(RunConfiguration c) =>
        Invariant($"seed {c.Seed}") + (c.InitSha256 is null ? $", {c.Initializer} weights" : ", weights from a file");

    private static string Workers(RunDescription run)
    {
        if (run.InProcess)
            return $"none: in this process, {Count(run.ThreadsPerWorker, "thread")}";
        string local = run.WantedWorkers == 0
            ? "none on this machine"
            : $"{run.WantedWorkers} on this machine, {Count(run.ThreadsPerWorker, "thread")} each";
        return run.ListenAddress is null ? local : $"{local}; more may join at {run.ListenAddress}";
    }

    /// <summary>The options that name the same data again; none for a data set that its name alone finds.</summary>
    private static string DataOptions(DatasetRequest data)
    {
        (string Option, string? Value)[] options =
        [
            ("--dataset", Datasets.Names.Contains(data.Name) ? null : data.Name), ("--data-dir", data.DataDirectory),
            ("--test-file", data.TestFile), ("--label-column", data.LabelColumn),
        ];
        return string.Concat(options.Where(option => option.Value is not null).Select(option => $" {option.Option} {Quoted(option.Value!)}"));
    }

    /// <summary>A word as a shell takes it.</summary>
    private static string Quoted(string word) =>
        word.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_' or ':' or '+')
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string Count(long count, string what) => Invariant($"{count:N0} {what}{(count == 1 ? "" : "s")}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
