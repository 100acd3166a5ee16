using Backprop.Coordinator.Dashboard;
using Backprop.Coordinator.Progress;
using Backprop.Core.Data;

namespace Backprop.Web.Tests;

/// <summary>What readers of the feed come to hold, whatever their pace.</summary>
public sealed class DashboardFeedTests
{
    private readonly DashboardFeed feed = new();

    [Fact]
    public void ReadSince_ReadersOfAnyPace_HoldTheSame()
    {
        var random = new RandomSource(seed: 21, stream: 0);
        HeldPage[] pages = [.. Enumerable.Range(0, 6).Select(_ => new HeldPage())];
        List<string> told = [];
        feed.RunStarted(RunFigures.Description);
        int epochs = 0;
        for (int step = 1; step <= 5_000; step++)
        {
            feed.Progressed(RunFigures.Snapshot(step));
            if (random.NextInt(20) == 0)
                feed.EpochEnded(RunFigures.Epoch(epochs++), RunFigures.Snapshot(step));
            if (random.NextInt(5) == 0)
            {
                told.Add($"notice {told.Count}");
                feed.Noticed(told[^1]);
            }

            // The first reads every time, the last hardly ever.
            for (int i = 0; i < pages.Length; i++)
            {
                if (random.NextInt(1 << (2 * i)) == 0)
                    pages[i].Read(feed);
            }
        }

        feed.RunEnded(RunFigures.Summary, []);
        var late = new HeldPage();
        late.Read(feed);
        foreach (HeldPage page in pages)
        {
            page.Read(feed);
            Assert.Equal(("run-1", "completed", 5_000), (page.Run, page.Status, page.Step));
            Assert.Equal(Enumerable.Range(0, epochs), page.Epochs);
            Assert.Equal(late.Steps, page.Steps);
            Assert.Equal(page.Steps.Distinct().Order(), page.Steps);

            // A late one gets the newest notices; whoever came earlier holds those before too, without a gap.
            Assert.True(page.Notices.Count >= 200);
            Assert.Equal(told.TakeLast(page.Notices.Count), page.Notices);
        }
    }

    /// <summary>Small networks have hundreds of epochs a second: neither the run nor a page may grow by each.</summary>
    [Fact]
    public void Feed_ManyEpochs_KeepsABoundedNumber()
    {
        feed.RunStarted(RunFigures.Description);
        var page = new HeldPage();
        for (int epoch = 0; epoch < 300_000; epoch++)
        {
            feed.EpochEnded(RunFigures.Epoch(epoch), RunFigures.Snapshot(epoch));
            if (epoch % 1_000 == 0)
                page.Read(feed);
        }

        page.Read(feed);
        DashboardFeed.Place? nothing = null;
        DashboardState all = feed.ReadSince(ref nothing).News;
        Assert.InRange(all.Epochs.Count, 1_000, 2_000);
        Assert.Equal(0, all.Epochs[0].Epoch);
        int gap = Assert.Single(all.Epochs.Skip(1).Zip(all.Epochs, (next, before) => next.Epoch - before.Epoch).Distinct());
        Assert.InRange(all.Epochs[^1].Epoch, 300_000 - gap, 299_999);
        Assert.Equal(Enumerable.Range(299_800, 200), all.LatestEpochs.Select(epoch => epoch.Epoch));
        Assert.Equal(all.Epochs.Select(epoch => epoch.Epoch), page.Epochs);
        Assert.Equal(299_999, page.LatestEpochs[^1]);
    }

    [Fact]
    public void ReadSince_NothingNew_TellsNothingAgain()
    {
        feed.RunStarted(RunFigures.Description);
        feed.Progressed(RunFigures.Snapshot(1));
        feed.EpochEnded(RunFigures.Epoch(0), RunFigures.Snapshot(1));
        feed.Noticed("one");
        DashboardFeed.Place? known = null;
        Assert.True(feed.ReadSince(ref known).News.IsWhole);

        (DashboardState news, Task changed) = feed.ReadSince(ref known);
        Assert.False(news.IsWhole);
        Assert.Null(news.Run);
        Assert.Empty(news.Epochs);
        Assert.Empty(news.LatestEpochs);
        Assert.Empty(news.Running);
        Assert.Empty(news.Notices);
        Assert.False(changed.IsCompleted);
    }

    /// <summary>The address opens before the run starts: a page may be the first.</summary>
    [Fact]
    public void ReadSince_PageOpenBeforeTheRun_IsToldOfItOnce()
    {
        var page = new HeldPage();
        page.Read(feed);
        feed.Noticed("before");
        page.Read(feed);
        Assert.Null(page.Run);

        feed.RunStarted(RunFigures.Description);
        page.Read(feed);
        Assert.Equal("run-1", page.Run);
        Assert.Equal(["before"], page.Notices);
        feed.Noticed("after");
        page.Read(feed);
        Assert.Equal(["before", "after"], page.Notices);
        Assert.Equal(2, page.Wholes);
    }

    [Fact]
    public void ReadSince_EveryKindOfNews_EndsTheWait()
    {
        foreach (Action tell in (Action[])
            [
                () => feed.RunStarted(RunFigures.Description),
                () => feed.Progressed(RunFigures.Snapshot(1)),
                () => feed.Progressed(RunFigures.Snapshot(1, RunPhase.WaitingForWorkers)),
                () => feed.EpochEnded(RunFigures.Epoch(0), RunFigures.Snapshot(1)),
                () => feed.Noticed("one"),
                () => feed.RunEnded(RunFigures.Summary, []),
            ])
        {
            DashboardFeed.Place? known = null;
            Task changed = feed.ReadSince(ref known).Changed;
            Assert.False(changed.IsCompleted);
            tell();
            Assert.True(changed.IsCompleted);
        }
    }

    [Fact]
    public void Feed_ManyMomentsAndNotices_KeepsABoundedNumber()
    {
        feed.RunStarted(RunFigures.Description);
        var page = new HeldPage();
        for (int step = 1; step <= 100_000; step++)
        {
            feed.Progressed(RunFigures.Snapshot(step));
            feed.Noticed($"notice {step}");
            if (step % 50_000 != 0)
                continue;
            DashboardFeed.Place? nothing = null;
            DashboardState all = feed.ReadSince(ref nothing).News;
            Assert.InRange(all.Running.Count, 300, 600);
            Assert.Equal(200, all.Notices.Count);

            // From the first step to the last, nowhere thinner than elsewhere: that is what a curve needs.
            Assert.Equal(1, all.Running[0].Step);
            long gap = Assert.Single(all.Running.Skip(1).Zip(all.Running, (next, before) => next.Step - before.Step).Distinct());
            Assert.InRange(all.Running[^1].Step, step - gap, step);
            page.Read(feed);
            Assert.Equal(200, page.Notices.Count);
            Assert.Equal($"notice {step}", page.Notices[^1]);
        }
    }

    [Fact]
    public void Progressed_OutsideTraining_AddsNoPointToTheCurve()
    {
        feed.Progressed(RunFigures.Snapshot(0, RunPhase.Starting));
        feed.Progressed(RunFigures.Snapshot(0) with { RunningLoss = null });
        feed.Progressed(RunFigures.Snapshot(1));
        feed.Progressed(RunFigures.Snapshot(1));
        feed.Progressed(RunFigures.Snapshot(2, RunPhase.Evaluating));
        feed.Progressed(RunFigures.Snapshot(3));
        var page = new HeldPage();
        page.Read(feed);
        Assert.Equal([1, 3], page.Steps);
    }

    /// <summary>One thread tells, others read at once: what each comes to hold is whole and in order.</summary>
    [Fact]
    public async Task ReadSince_WhileNewsComes_MissesNothing()
    {
        const int count = 20_000;
        feed.RunStarted(RunFigures.Description);
        Task<HeldPage>[] readers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(FollowAsync, TestContext.Current.CancellationToken))];
        for (int epoch = 0; epoch < count; epoch++)
            feed.EpochEnded(RunFigures.Epoch(epoch), RunFigures.Snapshot(epoch));
        feed.RunEnded(RunFigures.Summary, []);
        foreach (HeldPage page in await Task.WhenAll(readers))
        {
            // The newest without a gap; for the curves each sixteenth, as 20,000 epochs are more than 2,000 points.
            Assert.Equal(Enumerable.Range(count - 200, 200), page.LatestEpochs.TakeLast(200));
            Assert.Equal(Enumerable.Range(0, count / 16).Select(i => 16 * i), page.Epochs);
        }
    }

    private async Task<HeldPage> FollowAsync()
    {
        var page = new HeldPage();
        while (true)
        {
            Task changed = page.Read(feed);
            if (page.Status is not null)
                return page;
            await changed.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        }
    }
}
