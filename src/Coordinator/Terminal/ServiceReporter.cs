using Backprop.CommandLine;
using Backprop.Coordinator.Progress;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Terminal;

/// <summary>Shows a run in the line that systemd keeps of a service.</summary>
internal sealed class ServiceReporter : IRunReporter
{
    /// <summary>Small networks have hundreds of epochs a second; systemd's socket holds a few words and then makes the sender wait.</summary>
    private static readonly TimeSpan StatusInterval = TimeSpan.FromSeconds(1);

    private string waiting = "";
    private TimeSpan nextStatus;

    public void RunStarted(RunDescription description)
    {
        ServiceNotifier.Ready();
        ServiceNotifier.Status($"run {description.RunId} in {description.RunDirectory}");
    }

    public void Progressed(ProgressSnapshot snapshot)
    {
        string now = snapshot.Phase == RunPhase.WaitingForWorkers ? ProgressText.Waiting(snapshot) : "";
        if (now.Length > 0 && now != waiting)
            ServiceNotifier.Status(now);
        waiting = now;
    }

    public void EpochEnded(EpochResult result, ProgressSnapshot snapshot)
    {
        if (snapshot.Elapsed < nextStatus)
            return;
        nextStatus = snapshot.Elapsed + StatusInterval;
        ServiceNotifier.Status(ProgressText.Epoch(result, snapshot));
    }

    public void Noticed(string line)
    {
    }

    public void RunEnded(RunSummary summary, IReadOnlyList<string> writtenFiles)
    {
        ServiceNotifier.Stopping();
        ServiceNotifier.Status(RunFacts.Verdict(summary, [], null).First());
    }
}
