using Backprop.Core.Training;

namespace Backprop.Coordinator.Progress;

/// <summary>
/// Shows a run to somebody: the console, the page, a log. Called from one thread at a time; must return at once.
/// </summary>
public interface IRunReporter
{
    void RunStarted(RunDescription description);

    void Progressed(ProgressSnapshot snapshot);

    void EpochEnded(EpochResult result, ProgressSnapshot snapshot);

    /// <summary>Something a person should know, in one line: "worker w3 lost at step 41; 2 nodes reassigned".</summary>
    void Noticed(string line);

    /// <param name="summary">The verdict.</param>
    /// <param name="writtenFiles">Paths of what the run wrote.</param>
    void RunEnded(RunSummary summary, IReadOnlyList<string> writtenFiles);
}
