using System.Globalization;
using System.Text;
using Backprop.Bench;
using Backprop.Scale.Simulation;

namespace Backprop.Scale.Reports;

/// <summary>The curves as Markdown.</summary>
internal static class ScaleReport
{
    private static readonly int[] shown = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1024];

    public static string Of(
        IReadOnlyList<Curves> curves, IReadOnlyList<(Contest Contest, WorkerPace Pace, Costs Costs)> measured, int fanOut,
        string? picture, IReadOnlyList<string> arguments)
    {
        var text = new StringBuilder();
        text.AppendLine("# Throughput against workers").AppendLine();
        text.AppendLine("Simulated, by discrete events, deterministic: one step of n equal workers of one thread, each on a machine of its own, every machine with");
        text.AppendLine("a link of the same bandwidth and latency. Weights go out layer by layer, the first layer's forward pass starts on them; sums of a layer");
        text.AppendLine("travel while the layer below is computed; each direction of a link is shared evenly among the connections that use it, and the coordinator");
        text.AppendLine("adds all values when the last one is there. Where n is no power of two workers send several values each, as the program does.").AppendLine();
        ReportText.Line(text, $"**Star**: every worker at the coordinator, which serves at most 256 itself. **Relay tree**: workers with `--relay`, each the machine of its own worker too, so");
        ReportText.Line(text, $"that n workers stand on n machines; over no link tensors are exchanged with more than {fanOut} below. As in the program a relay passes each message of a step's weights on");
        text.AppendLine("when it has come, its own worker begins when all have, values from below are added along the binary tree when all that a node needs are");
        text.AppendLine("there, and whole sums go up. Its own worker shares its memory and costs the link nothing. Workers are taken to have joined in the tree's order; a");
        text.AppendLine("relay's own is the first, so that the first of those behind it stands for what is left of a node and passes several values up; so do all where n");
        text.AppendLine("is no power of two, which 1,000 workers show beside 1,024.").AppendLine();
        text.AppendLine("**Passing on as it comes** is a model only and no feature of the program: the same tree of relays that also let each message of");
        text.AppendLine("sums go on when all below have sent theirs. It says what that would gain.").AppendLine();
        text.AppendLine("Shards are as many as there are workers where the mini-batch alone would give fewer (`--shards`).").AppendLine();
        ReportText.Describe(text, "Scale", arguments);
        Assumptions(text, measured);
        if (picture is not null)
            ReportText.Line(text, $"\n![Examples a second against workers]({picture})\n\nDrawn at powers of two.");
        foreach (IGrouping<Contest, Curves> network in curves.GroupBy(those => those.Contest))
            Network(text, network.Key, [.. network]);
        return text.ToString();
    }

    private static void Assumptions(StringBuilder text, IReadOnlyList<(Contest Contest, WorkerPace Pace, Costs Costs)> measured)
    {
        Costs costs = measured[0].Costs;
        ReportText.Line(text, $"- assumed: {costs.MessageSeconds * 1e6:0} µs from a message's end on the link to its use, {costs.ConnectionBytesPerSecond / 1e9:0.00} GB/s through a connection's thread (`bench/Transport` measures both), {costs.CarryingThreads} such threads on a machine, {costs.AssignmentSeconds * 1e6:0} µs an assignment");
        text.AppendLine().AppendLine("| network, mini-batch | one worker's examples/s without messages | adding a value, ms | updating, ms |").AppendLine("|---|---|---|---|");
        foreach ((Contest contest, WorkerPace pace, Costs own) in measured)
            ReportText.Line(text, $"| {contest.Shape}, {contest.MiniBatch:N0} | {contest.MiniBatch / pace.Seconds(contest.MiniBatch):N0} | {own.AddSecondsPerNumber * contest.Shape.ParameterCount * 1e3:0.000} | {own.UpdateSeconds * 1e3:0.000} |");
    }

    private static void Network(StringBuilder text, Contest contest, IReadOnlyList<Curves> all)
    {
        text.AppendLine();
        ReportText.Line(text, $"## {contest.Shape}, mini-batch {contest.MiniBatch:N0}");
        int[] counts = [.. shown.Where(count => count <= contest.MiniBatch)];
        text.AppendLine().AppendLine("Examples a second:").AppendLine();
        text.AppendLine($"| link | | {string.Join(" | ", counts.Select(count => count.ToString(CultureInfo.InvariantCulture)))} |");
        text.AppendLine($"|---|---|{string.Concat(counts.Select(_ => "---|"))}");
        foreach (Curve curve in all.SelectMany(those => new[] { those.Star, those.Tree, those.PassingOn }))
            ReportText.Line(text, $"| {curve.Link} | {curve.Name} | {string.Join(" | ", counts.Select(count => curve.RateAt(count).ToString("N0", CultureInfo.InvariantCulture)))} |");
        text.AppendLine().AppendLine("Break-even:").AppendLine();
        text.AppendLine("| link | star: most examples/s | at workers | a worker still does half of what a single one does, up to | relay tree: most examples/s | at workers | tree ahead of star from | passing on as it comes: most examples/s | at workers |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|");
        foreach ((Curve star, Curve tree, Curve passingOn) in all)
            ReportText.Line(text, $"| {star.Link} | {star.Best.Rate:N0} | {star.Best.Workers} | {star.HalfEfficient} | {tree.Best.Rate:N0} | {tree.Best.Workers} | {AheadFrom(star, tree)} | {passingOn.Best.Rate:N0} | {passingOn.Best.Workers} |");
    }

    /// <summary>The number of workers from which on the tree is faster; a dash where it is not.</summary>
    private static string AheadFrom(Curve star, Curve tree)
    {
        const double noticeably = 1.01;
        int behind = star.Points.ToList().FindLastIndex(point => tree.RateAt(point.Workers) < noticeably * point.Rate);
        return behind == star.Points.Count - 1 ? "–" : star.Points[behind + 1].Workers.ToString(CultureInfo.InvariantCulture);
    }
}
