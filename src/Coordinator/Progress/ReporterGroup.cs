using Backprop.Core.Training;

namespace Backprop.Coordinator.Progress;

/// <summary>Shows a run to several at once.</summary>
public sealed class ReporterGroup(params IReadOnlyList<IRunReporter> reporters) : IRunReporter
{
    private readonly Lock gate = new();

    public void RunStarted(RunDescription description) => Each(reporter => reporter.RunStarted(description));

    public void Progressed(ProgressSnapshot snapshot) => Each(reporter => reporter.Progressed(snapshot));

    public void EpochEnded(EpochResult result, ProgressSnapshot snapshot) =>
        Each(reporter => reporter.EpochEnded(result, snapshot));

    public void Noticed(string line) => Each(reporter => reporter.Noticed(line));

    public void RunEnded(RunSummary summary, IReadOnlyList<string> writtenFiles) =>
        Each(reporter => reporter.RunEnded(summary, writtenFiles));

    /// <summary>One at a time: a checkpoint's warning comes from another thread.</summary>
    private void Each(Action<IRunReporter> show)
    {
        lock (gate)
        {
            foreach (IRunReporter reporter in reporters)
                show(reporter);
        }
    }
}
