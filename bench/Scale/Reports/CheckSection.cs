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
        ReportText.Line(text, $"Real coordinators and 1 to {LinkCheck.WorkersAtMost} real workers of one thread on {dataset}, tensors by gRPC over TLS, all on this machine in network namespaces of their own;");
        text.AppendLine("the relay tree is two relays with a worker behind each. The coordinator's link is narrowed (tbf) to what the table says, the others are not; what");
        text.AppendLine("goes between two machines is held up by the latency. The simulator is told what runs with one and two workers over the same network without");
        text.AppendLine("either took for computing and updating, and that all share this machine's cores; nothing comes from the runs that are predicted.").AppendLine();
        text.AppendLine("Measured is a run's last epoch: the workers behind relays join when it has begun. An epoch's first step finds the weights there, which the evaluation");
        text.AppendLine("before it has brought, and its last one has fewer examples; the prediction is of such an epoch.").AppendLine();
        text.AppendLine("| network, mini-batch | one worker alone, examples/s | cores' work that two get done | GB/s of a connection's thread |").AppendLine("|---|---|---|---|");
        foreach ((Contest contest, Calibration calibration) in found.Calibrations)
            ReportText.Line(text, $"| {contest.Shape}, {contest.MiniBatch:N0} | {contest.MiniBatch / calibration.Pace.Seconds(contest.MiniBatch):N0} | {calibration.Cores:0.00} | {calibration.Costs.ConnectionBytesPerSecond / 1e9:0.00} |");
        text.AppendLine().AppendLine("| network, mini-batch | link | workers | measured, examples/s | predicted | deviation |").AppendLine("|---|---|---|---|---|---|");
        foreach (CheckRow row in found.Rows)
            ReportText.Line(text, $"| {row.Case.Contest.Shape}, {row.Case.Contest.MiniBatch:N0} | {row.Case.Link} | {row.Topology.Name} of {row.Topology.WorkerCount} | {row.Measured.ExamplesPerSecond:N0} | {row.Predicted:N0} | {row.Deviation:+0.0 %;-0.0 %;0.0 %} |");
        double worst = found.Rows.Max(row => Math.Abs(row.Deviation));
        text.AppendLine();
        ReportText.Line(text, $"Goal: within {Goal:P0}. The largest deviation is {worst:0.0 %}: {(worst <= Goal ? "reached" : "missed")}.");
        Traffic(text, found.Rows);
        return text.ToString();
    }

    private static void Traffic(StringBuilder text, IReadOnlyList<CheckRow> rows)
    {
        text.AppendLine().AppendLine("What went over the coordinator's link in that epoch, MB a step as its interface counts, TLS and TCP included, and as multiples of the model's");
        text.AppendLine("own bytes. With relays it is that of as many workers as there are relays:").AppendLine();
        text.AppendLine("| network, mini-batch | workers | from the coordinator | models | to the coordinator | models |").AppendLine("|---|---|---|---|---|---|");
        foreach (CheckRow row in rows)
        {
            double model = (double)sizeof(float) * row.Case.Contest.Shape.ParameterCount;
            ReportText.Line(text, $"| {row.Case.Contest.Shape}, {row.Case.Contest.MiniBatch:N0} | {row.Topology.Name} of {row.Topology.WorkerCount} | {row.Measured.SentPerStep / 1e6:0.00} | {row.Measured.SentPerStep / model:0.00} | {row.Measured.ReceivedPerStep / 1e6:0.00} | {row.Measured.ReceivedPerStep / model:0.00} |");
        }
    }
}
