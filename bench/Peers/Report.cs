using System.Text;
using Backprop.Bench;

namespace Backprop.Peers;

/// <summary>What a sitting has measured, as tables: medians, ratios, shares of the floor, and what of it was aimed at.</summary>
/// <param name="rates">Each round's examples a second, of the competitors in their order.</param>
/// <param name="peak">Operations a second of one core.</param>
internal sealed class Report(IReadOnlyDictionary<Contest, List<double>[]> rates, double peak, int rounds, int epochs)
{
    public string Tables(string blas, string[] arguments)
    {
        var text = new StringBuilder();
        text.AppendLine("# Backprop beside PyTorch and NumPy").AppendLine();
        ReportText.Line(text, $"Fashion-MNIST, relu and softmax, log-likelihood, SGD at 0.1; {epochs} epochs a run, {rounds} rounds in turn, medians (least to most).");
        text.AppendLine("Rates are over training time: start-up and evaluation are left out for all.").AppendLine();
        ReportText.Describe(text, "Peers", arguments);
        ReportText.Line(text, $"- {blas}");
        ReportText.Line(text, $"- OpenBLAS, one thread, {Sitting.PeakSize}³: {peak / 1e9:0.0} GFLOP/s; the floor of two cores is twice that over the operations an example");
        Reached(text);
        foreach ((Contest contest, List<double>[] all) in rates)
        {
            double floor = FloorOf(contest);
            text.AppendLine();
            ReportText.Line(text, $"## {contest.Layers}, mini-batch {contest.MiniBatch}");
            text.AppendLine();
            ReportText.Line(text, $"| | examples/s | times {Competitors.In(contest)[1].Name} | of the floor |");
            text.AppendLine("|---|---|---|---|");
            foreach ((int i, Competitor competitor) in Competitors.In(contest).Index())
            {
                double median = ReportText.Median(all[i]);
                ReportText.Line(
                    text, $"| {competitor.Name} | {median:N0} ({all[i].Min():N0} to {all[i].Max():N0}) | {median / ReportText.Median(all[1]):0.00} | {median / floor:P0} |");
            }
        }

        return text.ToString();
    }

    private double FloorOf(Contest contest) => 2 * peak / contest.Operations;

    private void Reached(StringBuilder text)
    {
        List<string> lines = [];
        foreach ((Contest contest, List<double>[] all) in rates)
        {
            Dictionary<string, double> medians = Competitors.In(contest).Zip(all).ToDictionary(pair => pair.First.Name, pair => ReportText.Median(pair.Second));
            foreach (Goal goal in Goals.Of(contest, name => medians[name], FloorOf(contest)))
                lines.Add(FormattableString.Invariant($"| {contest.Layers}, {contest.MiniBatch} | {goal.Text} | {(goal.IsReached ? "reached" : "missed")} |"));
        }

        if (lines.Count > 0)
            text.AppendLine().AppendLine("| network, mini-batch | measured (aimed at) | |").AppendLine("|---|---|---|").AppendJoin(Environment.NewLine, lines).AppendLine();
    }
}
