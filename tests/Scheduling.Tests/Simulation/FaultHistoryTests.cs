using System.Globalization;

namespace Backprop.Scheduling.Tests.Simulation;

public sealed class FaultHistoryTests
{
    private const int Histories = 10_000;

    /// <summary>Lines of a failed history's trace that are shown, up to the failure.</summary>
    private const int TraceLines = 60;

    /// <summary>BACKPROP_HISTORY=SEED replays one history; BACKPROP_HISTORIES=COUNT plays another number of them.</summary>
    [Fact]
    public void Scheduler_RandomFaults_KeepsItsPromises() => PlayAll((seed, note) =>
    {
        var history = new FaultHistory(seed, note);
        history.Run();
        return (history.EventCount, history.Seen);
    });

    /// <inheritdoc cref="Scheduler_RandomFaults_KeepsItsPromises"/>
    [Fact]
    public void SubtreeScheduler_RandomFaults_KeepsItsPromises() => PlayAll((seed, note) =>
    {
        var history = new SubtreeHistory(seed, note);
        history.Run();
        return (history.EventCount, (IReadOnlySet<RelayHappening>)history.Seen);
    });

    private static void PlayAll<T>(Func<ulong, Action<string>?, (int EventCount, IReadOnlySet<T> Seen)> play)
        where T : struct, Enum
    {
        if (Number("BACKPROP_HISTORY") is { } one)
        {
            Play(one, play);
            return;
        }

        ulong count = Number("BACKPROP_HISTORIES") ?? Histories;
        var times = Enum.GetValues<T>().ToDictionary(happening => happening, _ => 0);
        long events = 0;
        for (ulong seed = 0; seed < count; seed++)
        {
            (int eventCount, IReadOnlySet<T> seen) = Play(seed, play);
            events += eventCount;
            foreach (T happening in seen)
                times[happening]++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{events} events in {count} histories: {string.Join(", ", times)}");
        Assert.All(times, happening => Assert.True((ulong)happening.Value >= count / 100, $"{happening.Key} only in {happening.Value} histories"));
    }

    private static (int EventCount, IReadOnlySet<T> Seen) Play<T>(
        ulong seed, Func<ulong, Action<string>?, (int EventCount, IReadOnlySet<T> Seen)> play)
    {
        try
        {
            return play(seed, null);
        }
        catch (Exception broken)
        {
            // A scheduler that throws has broken its promises too.
            List<string> lines = [];
            Assert.ThrowsAny<Exception>(() => play(seed, lines.Add));
            Assert.Fail(
                $"Seed {seed}: {broken.Message}. Replay: BACKPROP_HISTORY={seed} dotnet test --project tests/Scheduling.Tests -c Release\n"
                + string.Join('\n', lines.TakeLast(TraceLines)));
            throw;
        }
    }

    private static ulong? Number(string variable) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out ulong number) ? number : null;
}
