using Backprop.Peers;

namespace Backprop.Bench.Tests;

public sealed class RunLengthTests
{
    /// <summary>Of 60,000 examples: 58 whole mini-batches of 1,024, of which 11 passes have 638; 937 of 64; one of all.</summary>
    [Theory]
    [InlineData("784-128-10@1024", 11)]
    [InlineData("784-30-10@64", 4)]
    [InlineData("784-30-10@60000", 600)]
    public void EpochsOf_LeastEpochsAndSteps_AreEnoughForBoth(string contest, int expected) =>
        Assert.Equal(expected, new RunLength(4, 600).EpochsOf(Contest.Parse(contest)));
}
