using System.Globalization;

namespace Backprop.Scheduling.Tests.Simulation;

public sealed class FaultHistoryTests
{
    private const int Histories = 3000;

    /// <summary>BACKPROP_HISTORY=SEED replays one history and prints its trace.</summary>
    [Fact]
    public void Scheduler_RandomFaults_EveryExampleCountsOnceAndTheRunEnds()
    {
        if (ulong.TryParse(Environment.GetEnvironmentVariable("BACKPROP_HISTORY"), CultureInfo.InvariantCulture, out ulong one))
        {
            Play(one, withTrace: true);
            return;
        }

        for (ulong seed = 0; seed < Histories; seed++)
            Play(seed, withTrace: false);
    }

    private static void Play(ulong seed, bool withTrace)
    {
        var history = new FaultHistory(seed);
        try
        {
            history.Run();
        }
        catch (HistoryException broken)
        {
            string replay = $"BACKPROP_HISTORY={seed} dotnet test --project tests/Scheduling.Tests -c Release";
            Assert.Fail($"Seed {seed}: {broken.Message}. Replay: {replay}\n{(withTrace ? string.Join('\n', history.Trace) : "")}");
        }
    }
}
