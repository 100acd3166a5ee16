using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Backprop.Coordinator.Dashboard;

/// <summary>The feed as server-sent events: all of it first, then what is new, until the verdict.</summary>
internal sealed class EventStream(DashboardFeed feed, TimeProvider time)
{
    /// <summary>Streams at once; a page is one.</summary>
    public const int StreamsAtMost = 64;

    /// <summary>A sign of life, by which a dead connection is noticed.</summary>
    private static readonly TimeSpan QuietAtMost = TimeSpan.FromSeconds(15);

    private static readonly JsonSerializerOptions json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower), new SecondsConverter() },
        Encoder = JavaScriptEncoder.Default,
    };

    private int streams;

    /// <summary>Whether another stream may begin; then it must be <see cref="Leave"/>d.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref streams) <= StreamsAtMost)
            return true;
        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref streams);

    /// <summary>All that the page would show now.</summary>
    public string Whole()
    {
        DashboardFeed.Place? nothing = null;
        return JsonSerializer.Serialize(feed.ReadSince(ref nothing).News, json);
    }

    public async IAsyncEnumerable<SseItem<string>> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        try
        {
            DashboardFeed.Place? known = null;
            while (true)
            {
                (DashboardState news, Task changed) = feed.ReadSince(ref known);
                yield return new SseItem<string>(JsonSerializer.Serialize(news, json), "state");
                if (news.Verdict is not null)
                    yield break;
                await changed.WaitAsync(QuietAtMost, time, cancellation)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (cancellation.IsCancellationRequested)
                    yield break;
            }
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Times as seconds.</summary>
    private sealed class SecondsConverter : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TimeSpan.FromSeconds(reader.GetDouble());

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.TotalSeconds);
    }
}
