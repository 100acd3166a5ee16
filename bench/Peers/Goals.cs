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

    /// <param name="floor">Examples a second that two cores could make.</param>
    public static IEnumerable<Goal> Of(Contest contest, Figures figures, double floor)
    {
        if (contest.IsTextbooks)
        {
            yield return AtLeast("2 workers, times NumPy an example at a time", figures.Times(Competitors.Cluster, Competitors.NumPyExamples), 6);
            yield return AtLeast("in process, times NumPy an example at a time", figures.Times(Competitors.Alone, Competitors.NumPyExamples), 20);
            yield return AtLeast("2 workers, times NumPy's matrices", figures.Times(Competitors.Cluster, Competitors.NumPyMatrices), 1);
            yield return AtLeast("in process, times NumPy's matrices", figures.Times(Competitors.Alone, Competitors.NumPyMatrices), 3);
            yield break;
        }

        if (besideDdp.TryGetValue($"{contest}", out (double TimesDdp, double OfFloor) least))
        {
            (Ratio times, double share) = (figures.Times(Competitors.Cluster, Competitors.Ddp), figures.Median(Competitors.Cluster) / floor);
            string orShare = double.IsFinite(least.OfFloor) ? FormattableString.Invariant($", or {share:P1} of the floor ({least.OfFloor:P0})") : "";
            yield return new Goal(FormattableString.Invariant($"{times} times DDP ({least.TimesDdp}){orShare}"), times.OfRounds >= least.TimesDdp || share >= least.OfFloor);
        }

        if (contest.IsSmall)
            yield return AtLeast("2 workers, times PyTorch's one process", figures.Times(Competitors.Cluster, Competitors.Torch), 1);
        if (!contest.IsWorthWorkers)
            yield break;
        Goal workers = AtLeast("2 workers, times 1 worker", figures.Times(Competitors.Cluster, Competitors.OneWorker), TimesOneWorker);
        yield return workers with { Text = $"{workers.Text}; two runs in process at once, times one: {figures.Times(Competitors.TwoAtOnce, Competitors.Alone)}" };
        yield return AtLeast("1 worker of 2 threads, times 2 workers", figures.Times(Competitors.TwoThreads, Competitors.Cluster), 1);
    }

    private static Goal AtLeast(string figure, Ratio value, double least) => new(FormattableString.Invariant($"{figure}: {value} ({least})"), value.OfRounds >= least);
}
