using Backprop.Coordinator.Progress;
using Backprop.Core.Training;
using Spectre.Console;

namespace Backprop.Coordinator.Terminal;

/// <summary>
/// Shows a run on a terminal: finished lines scroll by, and below them the running epoch and the workers are drawn anew
/// a few times a second, by a task of its own: training only leaves the newest snapshot behind.
/// </summary>
internal sealed class LiveReporter(IAnsiConsole console, TimeProvider time) : IRunReporter, IDisposable
{
    private static readonly TimeSpan DrawInterval = TimeSpan.FromMilliseconds(150);

    /// <summary>A terminal that takes no more output must not hold up the end.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource stop = new();
    private RunDescription? run;
    private Task drawing = Task.CompletedTask;
    private volatile ProgressSnapshot? latest;

    public void RunStarted(RunDescription description)
    {
        run = description;
        console.Write(new Panel(LiveView.Facts(description))
        {
            Header = new PanelHeader(" Backprop "),
            Border = BoxBorder.Rounded,
            BorderStyle = Style.Parse("blue"),
        });
        drawing = Task.Run(DrawAsync);
    }

    public void Progressed(ProgressSnapshot snapshot) => latest = snapshot;

    public void EpochEnded(EpochResult result, ProgressSnapshot snapshot) =>
        console.WriteLine(ProgressText.Epoch(result, snapshot));

    public void Noticed(string line) => console.MarkupLine($"[yellow]{Markup.Escape(line)}[/]");

    public void RunEnded(RunSummary summary, IReadOnlyList<string> writtenFiles)
    {
        StopDrawing();
        string color = summary.Status switch { "completed" => "green", "failed" => "red", _ => "yellow" };
        bool isFirst = true;
        foreach (string line in RunFacts.Verdict(summary, writtenFiles, run))
        {
            console.MarkupLine(isFirst ? $"[bold {color}]{Markup.Escape(line)}[/]" : Markup.Escape(line));
            isFirst = false;
        }
    }

    /// <summary>Leaves the terminal as it was: nothing drawn, the cursor to be seen.</summary>
    public void Dispose()
    {
        StopDrawing();
        stop.Dispose();
    }

    private void StopDrawing()
    {
        stop.Cancel();
        try
        {
            drawing.Wait(StopLimit);
        }
        catch (AggregateException)
        {
            // A terminal that cannot be drawn on is no reason to lose the verdict.
        }
    }

    private async Task DrawAsync()
    {
        using var timer = new PeriodicTimer(DrawInterval, time);
        await console.Live(new Text("")).AutoClear(true).Overflow(VerticalOverflow.Crop).StartAsync(async context =>
        {
            try
            {
                while (await timer.WaitForNextTickAsync(stop.Token))
                {
                    if (latest is { } snapshot)
                        context.UpdateTarget(LiveView.Of(snapshot, run!.Plan, console.Profile.Width));
                }
            }
            catch (OperationCanceledException)
            {
                // The run is over.
            }
        });
    }
}
