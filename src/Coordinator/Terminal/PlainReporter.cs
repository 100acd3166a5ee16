using Backprop.Coordinator.Progress;
using Backprop.Coordinator.Reports;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Terminal;

/// <summary>Shows a run in plain lines, for files and pipes.</summary>
/// <param name="output">Receives the lines.</param>
/// <param name="json">Receives the summary as JSON at the end; null for none.</param>
public sealed class PlainReporter(TextWriter output, TextWriter? json) : IRunReporter
{
    /// <summary>Within a long epoch a line comes this often.</summary>
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10);

    private RunDescription? run;
    private string waiting = "";
    private TimeSpan lastLine;

    public void RunStarted(RunDescription description)
    {
        run = description;
        foreach (string line in RunFacts.Of(description))
            Line(line);
    }

    public void Progressed(ProgressSnapshot snapshot)
    {
        if (snapshot.Phase == RunPhase.WaitingForWorkers)
        {
            string line = ProgressText.Waiting(snapshot);
            if (line != waiting)
                Line(line);
            waiting = line;
            lastLine = snapshot.Elapsed;
            return;
        }

        waiting = "";
        if (snapshot.Phase != RunPhase.Training || run is null || snapshot.Elapsed - lastLine < LineInterval)
            return;
        lastLine = snapshot.Elapsed;
        Line(ProgressText.Step(snapshot, run.Plan));
    }

    public void EpochEnded(EpochResult result, ProgressSnapshot snapshot)
    {
        lastLine = snapshot.Elapsed;
        Line(ProgressText.Epoch(result, snapshot));
    }

    public void Noticed(string line) => Line(line);

    public void RunEnded(RunSummary summary, IReadOnlyList<string> writtenFiles)
    {
        foreach (string line in RunFacts.Verdict(summary, writtenFiles, run))
            Line(line);
        json?.WriteLine(SummaryFile.ToJson(summary));
    }

    private void Line(string text) => output.WriteLine(text);
}
