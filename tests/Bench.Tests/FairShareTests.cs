using Backprop.Scale.Simulation;

namespace Backprop.Bench.Tests;

public sealed class FairShareTests
{
    /// <summary>
    /// 10 units a second: one uses 30 from 0 on, a second one 10 from 1 s on. Alone the first has 10 by then; each gets 5 a
    /// second until the second is done at 3 s, and the first's last 10 take 1 s.
    /// </summary>
    [Fact]
    public void Use_SecondComesLater_BothGetHalf()
    {
        var agenda = new Agenda();
        var share = new FairShare(agenda, capacity: 10, most: 10);
        double first = 0, second = 0;
        share.Use(30, () => first = agenda.Now);
        agenda.Plan(1, () => share.Use(10, () => second = agenda.Now));
        agenda.Run();
        Assert.Equal(3, second, 9);
        Assert.Equal(4, first, 9);
    }

    /// <summary>Two cores, three threads: each gets two thirds; one alone gets one core, not two.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 1.5)]
    public void Use_NoneGetsMoreThanTheMost(int threads, double expected)
    {
        var agenda = new Agenda();
        var cores = new FairShare(agenda, capacity: 2, most: 1);
        double last = 0;
        for (int i = 0; i < threads; i++)
            cores.Use(1, () => last = agenda.Now);
        agenda.Run();
        Assert.Equal(expected, last, 9);
    }

    /// <summary>The next message is on its way while the one before still travels: 2 · 1 s of sending and one latency.</summary>
    [Fact]
    public void Send_TwoMessages_LatencyCountsOnce()
    {
        var agenda = new Agenda();
        var connection = new Connection(agenda, delay: 0.5, new FairShare(agenda, 10, 10));
        double last = 0;
        connection.Send(10, () => { });
        connection.Send(10, () => last = agenda.Now);
        agenda.Run();
        Assert.Equal(2.5, last, 9);
    }

    /// <summary>
    /// Over both ends at once: alone it would take 1 s, but at the narrower end, of 5 units a second, 2. The next follows when both have
    /// carried it.
    /// </summary>
    [Fact]
    public void Send_NarrowerAtOneEnd_TakesAsLongAsThere()
    {
        var agenda = new Agenda();
        var connection = new Connection(agenda, delay: 0, new FairShare(agenda, 10, 10), new FairShare(agenda, 5, 5));
        double last = 0;
        connection.Send(10, () => { });
        connection.Send(10, () => last = agenda.Now);
        agenda.Run();
        Assert.Equal(4, last, 9);
    }

    /// <summary>Within one machine's memory.</summary>
    [Fact]
    public void Send_NothingToShare_ArrivesAtOnce()
    {
        var agenda = new Agenda();
        double arrived = -1;
        agenda.Plan(3, () => new Connection(agenda, delay: 0).Send(10, () => arrived = agenda.Now));
        agenda.Run();
        Assert.Equal(3, arrived);
    }
}
