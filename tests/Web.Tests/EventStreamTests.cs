using System.Net.ServerSentEvents;
using System.Text.Json;
using Backprop.Coordinator.Dashboard;

namespace Backprop.Web.Tests;

public sealed class EventStreamTests
{
    private readonly DashboardFeed feed = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TryEnter_AllPlacesTaken_IsRefusedUntilOneLeaves()
    {
        var events = new EventStream(feed, TimeProvider.System);
        for (int i = 0; i < 64; i++)
            Assert.True(events.TryEnter());

        // A refusal takes no place, however often.
        for (int i = 0; i < 100; i++)
            Assert.False(events.TryEnter());
        events.Leave();
        Assert.True(events.TryEnter());
        Assert.False(events.TryEnter());

        // A stream that ends leaves by itself.
        feed.RunEnded(RunFigures.Summary, []);
        await foreach (SseItem<string> item in events.ReadAsync(Cancellation))
            Assert.Equal("state", item.EventType);
        Assert.True(events.TryEnter());
        Assert.False(events.TryEnter());
    }

    [Fact]
    public async Task ReadAsync_PageGoesAway_EndsAndLeaves()
    {
        var events = new EventStream(feed, TimeProvider.System);
        for (int i = 0; i < 64; i++)
            Assert.True(events.TryEnter());
        using var away = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        int items = 0;
        await foreach (SseItem<string> item in events.ReadAsync(away.Token))
        {
            items++;
            await away.CancelAsync();
        }

        Assert.Equal(1, items);
        Assert.True(events.TryEnter());
    }

    [Fact]
    public async Task ReadAsync_NotFinite_IsStillJson()
    {
        feed.RunStarted(RunFigures.Description);
        feed.Progressed(RunFigures.Snapshot(1) with { RunningLoss = double.NaN });
        feed.EpochEnded(RunFigures.Epoch(0) with { TestLoss = double.PositiveInfinity }, RunFigures.Snapshot(1));
        feed.RunEnded(RunFigures.Summary with { Status = "failed", Error = "</script>\n\ndata: x" }, []);
        var events = new EventStream(feed, TimeProvider.System);
        Assert.True(events.TryEnter());
        List<SseItem<string>> items = [];
        await foreach (SseItem<string> item in events.ReadAsync(Cancellation))
            items.Add(item);

        string data = Assert.Single(items).Data;
        Assert.DoesNotContain('\n', data);
        Assert.DoesNotContain('<', data);
        using JsonDocument state = JsonDocument.Parse(data);
        Assert.Equal("</script>\n\ndata: x", state.RootElement.GetProperty("verdict").GetProperty("error").GetString());
        Assert.Equal("NaN", state.RootElement.GetProperty("running")[0].GetProperty("loss").GetString());
        Assert.Equal("Infinity", state.RootElement.GetProperty("epochs")[0].GetProperty("test_loss").GetString());
        Assert.Equal(data, events.Whole());
    }
}
