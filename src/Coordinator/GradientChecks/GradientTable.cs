using System.Globalization;
using Spectre.Console;

namespace Backprop.Coordinator.GradientChecks;

/// <summary>Shows a report to a person: a table, and what it says about the chapter's claims.</summary>
internal static class GradientTable
{
    /// <summary>A pipe has no width; the table's own is this.</summary>
    private const int WidthOfPipe = 132;

    public static void Write(GradientReport report, TextWriter output, bool isTerminal)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (!isTerminal)
            console.Profile.Width = WidthOfPipe;

        output.WriteLine(Text(
            $"{report.Layers}, {report.Activations}, {report.Cost} cost: {report.Parameters:N0} weights and biases; the first {report.Examples} examples of {report.Dataset}."));
        output.WriteLine(Text(
            $"Largest derivative {report.LargestDerivative:0.0e+00}; a forward pass takes {Time(report.ForwardPass)} (double precision, one thread)."));
        console.Write(Table(report));
        foreach (string sentence in Findings(report))
            output.WriteLine(sentence);
    }

    /// <summary>The chapter's claims with the figures that were measured here.</summary>
    internal static IEnumerable<string> Findings(GradientReport report)
    {
        GradientRow matrix = Find(report, "matrix form");
        GradientRow loop = Find(report, "per example, summed");
        GradientRow oneSided = Find(report, "one-sided differences");
        yield return Text(
            $"All {report.Parameters:N0} derivatives at once cost {matrix.ForwardPasses:0.0} forward passes; one by one, by finite differences, {oneSided.ForwardPasses:N0}.");
        double gain = loop.Time / matrix.Time;
        yield return gain >= 1
            ? Text($"The matrix form is {gain:0.0} times as fast as the loop over examples.")
            : Text($"Here the loop over examples is {1 / gain:0.0} times as fast as the matrix form: the mini-batch is too small for it.");
        foreach (GradientRow row in report.Forms.Where(row => !row.Agrees))
        {
            yield return Text(
                $"WRONG: {row.Form} differs from the matrix form by {row.LargestDifference:0.0e+00}; rounding and method explain {row.Allowed:0.0e+00}.");
        }

        if (report.Agrees)
            yield return "All forms agree within rounding and the error of their method.";
    }

    private static Table Table(GradientReport report)
    {
        var table = new Table { Border = TableBorder.Rounded };
        table.AddColumn("form");
        table.AddColumn("eq.");
        table.AddColumn("passes over the mini-batch");
        table.AddColumn(new TableColumn("time").RightAligned());
        table.AddColumn(new TableColumn("forward passes").RightAligned());
        table.AddColumn(new TableColumn("largest difference").RightAligned());
        table.AddColumn(new TableColumn("allowed").RightAligned());
        table.AddColumn("");
        foreach (GradientRow row in report.Forms)
        {
            bool isReference = row.Allowed == 0;
            table.AddRow(
                Markup.Escape(row.Layers is null ? row.Form : $"{row.Form} ({row.Layers})"),
                row.Equation,
                row.Passes,
                Time(row.Time),
                row.ForwardPasses is { } passes ? passes.ToString(passes < 100 ? "0.0" : "N0", CultureInfo.InvariantCulture) : "",
                isReference ? "" : Text($"{row.LargestDifference:0.0e+00}"),
                isReference ? "" : Text($"{row.Allowed:0.0e+00}"),
                isReference ? "" : row.Agrees ? "[green]ok[/]" : "[red]WRONG[/]");
        }

        return table;
    }

    private static GradientRow Find(GradientReport report, string form) => report.Forms.First(row => row.Form == form);

    private static string Time(TimeSpan time) => time.TotalSeconds >= 1 ? Text($"{time.TotalSeconds:0.0} s")
        : time.TotalMilliseconds >= 1 ? Text($"{time.TotalMilliseconds:0.0} ms")
        : Text($"{time.TotalMicroseconds:0} µs");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
