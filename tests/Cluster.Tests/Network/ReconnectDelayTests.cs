using Backprop.Worker.Transport;

namespace Backprop.Cluster.Tests.Network;

public sealed class ReconnectDelayTests
{
    private static readonly double[] longest = [100, 200, 400, 800, 1600, 3000, 3000, 3000];

    [Fact]
    public void Next_AgainAndAgain_DoublesToALimitWithinHalfOfIt()
    {
        var delay = new ReconnectDelay();
        foreach (double most in longest)
            Assert.InRange(delay.Next().TotalMilliseconds, most / 2, most);

        delay.Reset();
        Assert.InRange(delay.Next().TotalMilliseconds, 50, 100);
    }

    /// <summary>Workers that lost their coordinator at one moment do not all come back at one moment.</summary>
    [Fact]
    public void Next_ManyWorkers_Differ()
    {
        TimeSpan[] first = [.. Enumerable.Range(0, 100).Select(_ => new ReconnectDelay().Next())];

        // Of 1,000 values, 100 draws hit 95 different ones on average, and fewer than 60 never in a lifetime.
        Assert.InRange(first.Distinct().Count(), 60, 100);
    }
}
