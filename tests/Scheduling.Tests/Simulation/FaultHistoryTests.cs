using System.Globalization;

namespace Backprop.Scheduling.Tests.Simulation;

public sealed class FaultHistoryTests
{
    private const int Histories = 10_000;

    /// <summary>Lines of a failed history's trace that are shown, up to the failure.</summary>
    private const int TraceLines = 60;

    /// <summary>BACKPROP_HISTORY=SEED replays one history; BACKPROP_HISTORIES=COUNT plays another number of them.</summary>
    [Fact]
    public void Scheduler_RandomFaults_KeepsItsPromises()
    {
        if (Number("BACKPROP_HISTORY") is { } one)
        {
            Play(one);
            return;
        }

        ulong count = Number("BACKPROP_HISTORIES") ?? Histories;
        var times = Enum.GetValues<Happening>().ToDictionary(happening => happening, _ => 0);
        long events = 0;
        for (ulong seed = 0; seed < count; seed++)
        {
            FaultHistory history = Play(seed);
            events += history.EventCount;
            foreach (Happening happening in history.Seen)
                times[happening]++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{events} events in {count} histories: {string.Join(", ", times)}");
        Assert.All(times, happening => Assert.True((ulong)happening.Value >= count / 100, $"{happening.Key} only in {happening.Value} histories"));
    }

    private static FaultHistory Play(ulong seed)
    {
        var history = new FaultHistory(seed);
        try
        {
            history.Run();
        }
        catch (Exception broken)
        {
            // A scheduler that throws has broken its promises too.
            Assert.Fail(
                $"Seed {seed}: {broken.Message}. Replay: BACKPROP_HISTORY={seed} dotnet test --project tests/Scheduling.Tests -c Release\n"
                + string.Join('\n', Trace(seed).TakeLast(TraceLines)));
        }

        return history;
    }

    /// <summary>The same history again, with what happens in it.</summary>
    private static List<string> Trace(ulong seed)
    {
        List<string> lines = [];
        Assert.ThrowsAny<Exception>(new FaultHistory(seed, lines.Add).Run);
        return lines;
    }

    private static ulong? Number(string variable) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out ulong number) ? number : null;
}
