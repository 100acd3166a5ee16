using Backprop.Peers;

namespace Backprop.Bench.Tests;

public sealed class FiguresTests
{
    /// <summary>Rounds' own ratios are 2, 1.1 and 3, in the middle 2; the medians, 30 and 10, come from different rounds.</summary>
    [Fact]
    public void Times_RoundsAreUnlike_RatiosAreOfTheSameRound()
    {
        var figures = new Figures();
        foreach (double rate in new[] { 20.0, 110, 30 })
            figures.Add("ours", rate);
        foreach (double rate in new[] { 10.0, 100, 10 })
            figures.Add("theirs", rate);

        Ratio times = figures.Times("ours", "theirs");

        Assert.Equal((2, 3), (times.OfRounds, times.OfMedians));
        Assert.Equal("2.000 [3.000]", $"{times}");
    }
}
