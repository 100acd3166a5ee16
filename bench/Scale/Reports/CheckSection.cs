using System.Text;
using Backprop.Bench;
using Backprop.Scale.Check;

namespace Backprop.Scale.Reports;

/// <summary>The check with real runs, as Markdown.</summary>
internal static class CheckSection
{
    private const double Goal = 0.15;

    public static string Of(CheckResult found, string dataset)
    {
        var text = new StringBuilder();
        text.AppendLine().AppendLine("## Check with real runs").AppendLine();
        ReportText.Line(text, $"Real coordinators and 1 to {LinkCheck.WorkersAtMost} real workers of one thread on {dataset}, tensors by gRPC over TLS, all on this machine in network namespaces of their own. The");
        text.AppendLine("coordinator's link is narrowed (tbf) to what the table says, and shared by the workers; what a worker sends and receives is held up by the");
        text.AppendLine("latency. The simulator is told what runs with one and two workers over the same network without either took for computing and updating,");
        text.AppendLine("and that workers share this machine's cores; nothing comes from the runs that are predicted.").AppendLine();
        text.AppendLine("| network, mini-batch | one worker alone, examples/s | cores' work that two get done | GB/s of a connection's thread |").AppendLine("|---|---|---|---|");
        foreach ((Contest contest, Calibration calibration) in found.Calibrations)
            ReportText.Line(text, $"| {contest.Shape}, {contest.MiniBatch:N0} | {contest.MiniBatch / calibration.Pace.Seconds(contest.MiniBatch):N0} | {calibration.Cores:0.00} | {calibration.Costs.ConnectionBytesPerSecond / 1e9:0.00} |");
        text.AppendLine().AppendLine("| network, mini-batch | link | workers | measured, examples/s | predicted | deviation |").AppendLine("|---|---|---|---|---|---|");
        foreach (CheckRow row in found.Rows)
            ReportText.Line(text, $"| {row.Case.Contest.Shape}, {row.Case.Contest.MiniBatch:N0} | {row.Case.Link} | {row.Workers} | {row.Measured:N0} | {row.Predicted:N0} | {row.Deviation:+0.0 %;-0.0 %;0.0 %} |");
        double worst = found.Rows.Max(row => Math.Abs(row.Deviation));
        text.AppendLine();
        ReportText.Line(text, $"Goal: within {Goal:P0}. The largest deviation is {worst:0.0 %}: {(worst <= Goal ? "reached" : "missed")}.");
        return text.ToString();
    }
}
