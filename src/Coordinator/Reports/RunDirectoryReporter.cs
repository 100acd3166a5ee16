using Backprop.Coordinator.Progress;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Reports;

/// <summary>
/// Writes what a run leaves for people and scripts: config.json, metrics.jsonl, summary.json and training.png. A full
/// disk or a read-only directory costs the file and a warning, never the run.
/// </summary>
/// <param name="directory">The run's directory; it exists.</param>
/// <param name="warn">Receives one line for each file that could not be written.</param>
/// <param name="firstEpoch">Where the run goes on; lines of earlier epochs are kept.</param>
public sealed class RunDirectoryReporter(string directory, Action<string> warn, int firstEpoch = 0)
    : IRunReporter, IDisposable
{
    private readonly List<EpochMetrics> epochs = [];
    private readonly RepeatedFailure metricsFailure = new();
    private RunDescription? run;
    private MetricsFile? metrics;

    /// <summary>The paths of all that a whole run writes here.</summary>
    public static IReadOnlyList<string> PathsIn(string directory) =>
        [.. new[] { ConfigFile.Name, MetricsFile.Name, SummaryFile.Name, TrainingChart.Name }
            .Select(name => Path.Combine(directory, name))];

    public void RunStarted(RunDescription description)
    {
        run = description;
        Guard(ConfigFile.Name, path => ConfigFile.Write(path, description));
        Guard(MetricsFile.Name, path =>
        {
            metrics = MetricsFile.Open(path, firstEpoch);
            epochs.AddRange(MetricsFile.Read(path));
        });
    }

    public void Progressed(ProgressSnapshot snapshot)
    {
    }

    public void EpochEnded(EpochResult result, ProgressSnapshot snapshot)
    {
        EpochMetrics line = EpochMetrics.From(result, snapshot);
        epochs.Add(line);
        Guard(MetricsFile.Name, _ => metrics?.Append(line), metricsFailure);
    }

    public void Noticed(string line)
    {
    }

    public void RunEnded(RunSummary summary, IReadOnlyList<string> writtenFiles)
    {
        Guard(SummaryFile.Name, path => SummaryFile.Write(path, summary));
        Guard(TrainingChart.Name, path =>
        {
            string network = run is null ? summary.Layers : $"{summary.Layers}, {run.Configuration.Cost} cost";
            if (epochs.Count > 0 && !TrainingChart.TryWrite(path, epochs, $"{summary.Dataset.Name}: {network}", out string? problem))
                warn($"WARNING: {problem}");
        });
        Dispose();
    }

    public void Dispose()
    {
        metrics?.Dispose();
        metrics = null;
    }

    /// <param name="repeated">For what is written again and again.</param>
    private void Guard(string name, Action<string> write, RepeatedFailure? repeated = null)
    {
        string path = Path.Combine(directory, name);
        try
        {
            write(path);
            _ = repeated?.Succeeded();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string line = $"WARNING: {path} could not be written: {exception.Message}";
            if ((repeated is null ? line : repeated.Failed(line)) is { } told)
                warn(told);
        }
    }
}
