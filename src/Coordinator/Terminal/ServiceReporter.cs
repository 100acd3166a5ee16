using Backprop.CommandLine;
using Backprop.Coordinator.Progress;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Terminal;

/// <summary>Shows a run in the line that systemd keeps of a service.</summary>
internal sealed class ServiceReporter : IRunReporter
{
    private string waiting = "";

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

    public void EpochEnded(EpochResult result, ProgressSnapshot snapshot) => ServiceNotifier.Status(ProgressText.Epoch(result, snapshot));

    public void Noticed(string line)
    {
    }

    public void RunEnded(RunSummary summary, IReadOnlyList<string> writtenFiles)
    {
        ServiceNotifier.Stopping();
        ServiceNotifier.Status(RunFacts.Verdict(summary, [], null).First());
    }
}
