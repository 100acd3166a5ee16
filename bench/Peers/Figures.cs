using Backprop.Bench;

namespace Backprop.Peers;

/// <summary>Examples a second that a contest's competitors made, one figure a round.</summary>
internal sealed class Figures
{
    private readonly Dictionary<string, List<double>> rates = [];

    public void Add(string competitor, double rate)
    {
        if (!rates.TryGetValue(competitor, out List<double>? rounds))
            rates[competitor] = rounds = [];
        rounds.Add(rate);
    }

    public IReadOnlyList<double> Of(string competitor) => rates[competitor];

    public double Median(string competitor) => ReportText.Median(rates[competitor]);

    /// <summary>One competitor's rate as a multiple of another's.</summary>
    public Ratio Times(string competitor, string other) => new(
        ReportText.Median(rates[competitor].Zip(rates[other], (rate, beside) => rate / beside)), Median(competitor) / Median(other));
}

/// <summary>How many times one competitor's rate is another's.</summary>
/// <param name="OfRounds">The median of the rounds' own ratios: what slows a whole round down slows both and leaves it alone.</param>
/// <param name="OfMedians">The ratio of both medians, which may come from different rounds.</param>
internal readonly record struct Ratio(double OfRounds, double OfMedians)
{
    public override string ToString() => FormattableString.Invariant($"{OfRounds:0.000} [{OfMedians:0.000}]");
}
