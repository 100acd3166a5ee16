using Backprop.Peers;

namespace Backprop.Bench.Tests;

public sealed class ContestTests
{
    [Theory]
    [InlineData("784-30-10@60001")]
    [InlineData("784-30-10@1")]
    [InlineData("784@64")]
    [InlineData("784-30-10")]
    public void Parse_NoSuchContest_IsRefusedInALine(string text)
    {
        var error = Assert.Throws<PeerException>(() => Contest.Parse(text));
        Assert.Equal($"--networks {text} does not fit; it takes such as 784-30-10@64, with mini-batches of 2 to 60000 examples.", error.Message);
    }
}
