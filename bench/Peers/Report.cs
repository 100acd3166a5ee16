using System.Text;
using Backprop.Bench;

namespace Backprop.Peers;

/// <summary>What a sitting has measured, as tables: medians, ratios, shares of the floor, and what of it was aimed at.</summary>
/// <param name="peak">Operations a second of one core.</param>
internal sealed class Report(IReadOnlyDictionary<Contest, Figures> sitting, double peak, int rounds, RunLength length)
{
    public string Tables(string blas, string[] arguments)
    {
        var text = new StringBuilder();
        text.AppendLine("# Backprop beside PyTorch and NumPy").AppendLine();
        ReportText.Line(text, $"Fashion-MNIST, relu and softmax, log-likelihood, SGD at 0.1; {length} a run (NumPy: one epoch or more), {rounds} rounds in turn, medians (least to most).");
        text.AppendLine("Ratios are medians of the rounds' own ratios; in square brackets, ratios of the medians.");
        text.AppendLine("Rates are over training time: start-up and evaluation are left out for all, of PyTorch and NumPy a tenth of the steps beforehand too.").AppendLine();
        ReportText.Describe(text, "Peers", arguments);
        ReportText.Line(text, $"- {blas}");
        ReportText.Line(text, $"- OpenBLAS, one thread, {Sitting.PeakSize}³: {peak / 1e9:0.0} GFLOP/s; the floor of two cores is twice that over the operations an example");
        Reached(text);
        foreach ((Contest contest, Figures figures) in sitting)
        {
            double floor = FloorOf(contest);
            text.AppendLine();
            ReportText.Line(text, $"## {contest.Layers}, mini-batch {contest.MiniBatch}");
            text.AppendLine();
            string compared = Competitors.In(contest)[1].Name;
            ReportText.Line(text, $"| | examples/s | times {compared} | of the floor |");
            text.AppendLine("|---|---|---|---|");
            foreach (Competitor competitor in Competitors.In(contest))
            {
                (string name, IReadOnlyList<double> rounds, double median) = (competitor.Name, figures.Of(competitor.Name), figures.Median(competitor.Name));
                ReportText.Line(
                    text, $"| {name} | {median:N0} ({rounds.Min():N0} to {rounds.Max():N0}) | {figures.Times(name, compared).OfRounds:0.00} | {median / floor:P0} |");
            }
        }

        return text.ToString();
    }

    private double FloorOf(Contest contest) => 2 * peak / contest.Operations;

    private void Reached(StringBuilder text)
    {
        List<string> lines = [];
        foreach ((Contest contest, Figures figures) in sitting)
        {
            foreach (Goal goal in Goals.Of(contest, figures, FloorOf(contest)))
                lines.Add(FormattableString.Invariant($"| {contest.Layers}, {contest.MiniBatch} | {goal.Text} | {(goal.IsReached ? "reached" : "missed")} |"));
        }

        if (lines.Count > 0)
            text.AppendLine().AppendLine("| network, mini-batch | measured (aimed at) | |").AppendLine("|---|---|---|").AppendJoin(Environment.NewLine, lines).AppendLine();
    }
}
