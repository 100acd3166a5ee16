namespace Backprop.Peers;

/// <summary>A figure of a sitting, and the least that is aimed at.</summary>
/// <param name="Text">The figure with its goal, in words.</param>
internal sealed record Goal(string Text, bool IsReached);

/// <summary>What is aimed at with each network and mini-batch.</summary>
internal static class Goals
{
    private const double TimesOneWorker = 1.9;

    /// <summary>Times DDP, or of the floor: the lower one counts.</summary>
    private static readonly Dictionary<string, (double TimesDdp, double OfFloor)> besideDdp = new()
    {
        ["784-30-10@64"] = (5, double.PositiveInfinity),
        ["784-128-10@256"] = (4, 0.60),
        ["784-128-10@1024"] = (2.2, 0.70),
        ["784-512-256-10@256"] = (2.5, 0.75),
        ["784-512-256-10@1024"] = (1.6, 0.85),
        ["784-1024-1024-10@1024"] = (1.35, 0.88),
    };

    /// <param name="rate">A competitor's examples a second.</param>
    /// <param name="floor">Examples a second that two cores could make.</param>
    public static IEnumerable<Goal> Of(Contest contest, Func<string, double> rate, double floor)
    {
        double cluster = rate(Competitors.Cluster);
        if (contest.IsTextbooks)
        {
            yield return AtLeast("2 workers, times NumPy an example at a time", cluster / rate(Competitors.NumPyExamples), 6);
            yield return AtLeast("in process, times NumPy an example at a time", rate(Competitors.Alone) / rate(Competitors.NumPyExamples), 20);
            yield return AtLeast("2 workers, times NumPy's matrices", cluster / rate(Competitors.NumPyMatrices), 1);
            yield return AtLeast("in process, times NumPy's matrices", rate(Competitors.Alone) / rate(Competitors.NumPyMatrices), 3);
            yield break;
        }

        if (besideDdp.TryGetValue($"{contest}", out (double TimesDdp, double OfFloor) least))
        {
            (double times, double share) = (cluster / rate(Competitors.Ddp), cluster / floor);
            string orShare = double.IsFinite(least.OfFloor) ? FormattableString.Invariant($", or {share:P1} of the floor ({least.OfFloor:P0})") : "";
            yield return new Goal(FormattableString.Invariant($"{times:0.000} times DDP ({least.TimesDdp}){orShare}"), times >= least.TimesDdp || share >= least.OfFloor);
        }

        if (contest.IsSmall)
            yield return AtLeast("2 workers, times PyTorch's one process", cluster / rate(Competitors.Torch), 1);
        if (!contest.IsWorthWorkers)
            yield break;
        Goal workers = AtLeast("2 workers, times 1 worker", cluster / rate(Competitors.OneWorker), TimesOneWorker);
        double given = rate(Competitors.TwoAtOnce) / rate(Competitors.Alone);
        yield return workers with { Text = FormattableString.Invariant($"{workers.Text}; two runs in process at once, times one: {given:0.000}") };
        yield return AtLeast("1 worker of 2 threads, times 2 workers", rate(Competitors.TwoThreads) / cluster, 1);
    }

    private static Goal AtLeast(string figure, double value, double least) => new(FormattableString.Invariant($"{figure}: {value:0.000} ({least})"), value >= least);
}
