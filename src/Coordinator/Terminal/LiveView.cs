using System.Globalization;
using Backprop.Coordinator.Progress;
using Backprop.Core.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Backprop.Coordinator.Terminal;

/// <summary>What stands at the foot of the terminal while a run goes on.</summary>
internal static class LiveView
{
    private const int BarWidthAtMost = 40;

    /// <summary>Rows of workers beyond these are told by number.</summary>
    private const int WorkersAtMost = 12;

    /// <summary>Below this width the worker's last columns are left out.</summary>
    private const int WideEnough = 70;

    /// <summary>The configuration in one glance.</summary>
    public static IRenderable Facts(RunDescription run)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        foreach (string line in RunFacts.Of(run))
        {
            int end = line.IndexOf("  ", StringComparison.Ordinal);
            grid.AddRow(new Text(line[..end], Style.Parse("blue")), new Text(line[end..].Trim()));
        }

        return grid;
    }

    public static IRenderable Of(ProgressSnapshot snapshot, TrainingPlan plan, int width)
    {
        if (snapshot.Phase == RunPhase.WaitingForWorkers)
            return new Rows(new Markup($"[yellow]{ProgressText.Waiting(snapshot)}[/]"), Workers(snapshot, width));
        List<IRenderable> rows = [Bar(snapshot, plan, width), new Text(ProgressText.Step(snapshot, plan))];
        if (snapshot.Workers.Count > 0)
            rows.Add(Workers(snapshot, width));
        return new Rows(rows);
    }

    private static Markup Bar(ProgressSnapshot snapshot, TrainingPlan plan, int width)
    {
        double share = Math.Clamp(ProgressText.ShareOfEpoch(snapshot, plan), 0, 1);
        int cells = Math.Clamp(width - 30, 10, BarWidthAtMost);
        int full = (int)(share * cells);
        string phase = snapshot.Phase == RunPhase.Evaluating ? "evaluating" : "training";
        return new Markup(string.Create(
            CultureInfo.InvariantCulture,
            $"[blue]{new string('━', full)}[/][grey]{new string('━', cells - full)}[/] {share * 100,3:0} %  {phase}"));
    }

    private static Table Workers(ProgressSnapshot snapshot, int width)
    {
        bool isWide = width >= WideEnough;
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (string heading in (string[])["worker", "doing", "shards", .. isWide ? ["examples", "node time"] : Array.Empty<string>()])
            table.AddColumn(new TableColumn(new Text(heading, Style.Parse("grey"))).PadRight(2));
        foreach (WorkerSnapshot worker in snapshot.Workers.Take(WorkersAtMost))
        {
            List<IRenderable> cells = [new Text(worker.Name), Doing(worker.Activity), new Text(worker.Nodes)];
            if (isWide)
            {
                cells.Add(new Text(worker.Examples.ToString("N0", CultureInfo.InvariantCulture)));
                cells.Add(new Text(worker.NodeTime is { } taken ? string.Create(CultureInfo.InvariantCulture, $"{taken.TotalMilliseconds:0.00} ms") : "-"));
            }

            table.AddRow(cells);
        }

        if (snapshot.Workers.Count > WorkersAtMost)
            table.AddRow(new Text(string.Create(CultureInfo.InvariantCulture, $"and {snapshot.Workers.Count - WorkersAtMost} more")));
        return table;
    }

    private static Text Doing(WorkerActivity activity) => activity switch
    {
        WorkerActivity.Computing => new Text("computing", Style.Parse("blue")),
        WorkerActivity.Idle => new Text("idle", Style.Parse("grey")),
        WorkerActivity.ReceivingData => new Text("receiving data", Style.Parse("yellow")),
        _ => new Text("lost", Style.Parse("red")),
    };
}
