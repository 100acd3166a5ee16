using System.Globalization;
using Backprop.Coordinator.Progress;
using Backprop.Coordinator.Reports;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Terminal;

/// <summary>Shows a run in plain lines, for files and pipes.</summary>
/// <param name="output">Receives the lines.</param>
/// <param name="json">Receives the summary as JSON at the end; null for none.</param>
public sealed class PlainReporter(TextWriter output, TextWriter? json) : IRunReporter
{
    private RunPhase phase = RunPhase.Starting;
    private RunDescription? run;

    public void RunStarted(RunDescription description)
    {
        run = description;
        foreach (string line in RunFacts.Of(description))
            Line(line);
    }

    public void Progressed(ProgressSnapshot snapshot)
    {
        bool isWaiting = snapshot.Phase == RunPhase.WaitingForWorkers;
        if (isWaiting && phase != RunPhase.WaitingForWorkers)
            Line($"waiting for workers {snapshot.ReadyWorkers}/{Math.Max(1, snapshot.WantedWorkers)}");
        phase = snapshot.Phase;
    }

    public void EpochEnded(EpochResult result, ProgressSnapshot snapshot) => Line(string.Create(
        CultureInfo.InvariantCulture,
        $"Epoch {result.Epoch}: {result.TestCorrect} / {result.TestCount}  loss {result.TrainingLoss:0.0000}  "
        + $"test loss {result.TestLoss:0.0000}  {snapshot.ExamplesPerSecond:N0} examples/s"));

    public void Noticed(string line) => Line(line);

    public void RunEnded(RunSummary summary, IReadOnlyList<string> writtenFiles)
    {
        foreach (string line in RunFacts.Verdict(summary, writtenFiles, run))
            Line(line);
        json?.WriteLine(SummaryFile.ToJson(summary));
    }

    private void Line(string text) => output.WriteLine(text);
}
