using System.Globalization;
using Backprop.Coordinator.Progress;

namespace Backprop.Coordinator.Terminal;

/// <summary>What a person is told of a run before it starts and after it has ended, line by line.</summary>
internal static class RunFacts
{
    public static IEnumerable<string> Of(RunDescription run)
    {
        var c = run.Configuration;
        yield return Invariant($"data set    {run.DatasetName}: {run.TrainingExamples:N0} to train, {run.TestExamples:N0} to test");
        yield return Invariant($"network     {c.Layers}, {c.Activations}, {c.Cost} cost");
        yield return Invariant($"training    {c.Epochs} epochs, mini-batches of {c.MiniBatch} in {c.Shards} shards, {c.Optimizer}, learning rate {c.LearningRate}, seed {c.Seed}");
        yield return run.InProcess
            ? Invariant($"workers     none: in this process, threads {run.ThreadsPerWorker}")
            : Invariant($"workers     {run.WantedWorkers} on this machine, threads {run.ThreadsPerWorker} each; more may join at {run.ListenAddress}");
        if (run.DashboardAddress is not null)
            yield return $"page        {run.DashboardAddress}";
        yield return $"writes to   {run.RunDirectory}";
    }

    public static IEnumerable<string> Verdict(RunSummary summary, IReadOnlyList<string> written, RunDescription? run)
    {
        string accuracy = summary.TestAccuracy is { } share ? Invariant($"test accuracy {share * 100:0.00} %, ") : "";
        yield return Invariant(
            $"{summary.Status}: {accuracy}{summary.Steps:N0} steps in {summary.TrainingSeconds:0.0} s of training, {summary.ExamplesPerSecond:N0} examples/s");
        if (summary.Error is not null)
            yield return $"error: {summary.Error}";
        yield return $"weights_sha256 {summary.WeightsSha256}";
        if (run is { InProcess: false })
            yield return Invariant($"workers joined {summary.Workers.Joined}, lost {summary.Workers.Lost}; nodes reassigned {summary.NodesReassigned}");
        foreach (string path in written)
            yield return $"wrote {path}";
        if (summary.Status == "interrupted")
            yield return "The newest checkpoint holds the run as it was when it stopped.";
        if (summary.Status == "completed" && run is not null)
            yield return $"next: dotnet run --project src/Coordinator -c Release -- evaluate {run.RunDirectory}";
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
