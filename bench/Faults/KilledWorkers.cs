using System.Text.Json;

namespace Backprop.Faults;

/// <summary>One of two local workers is killed, again and again: how long until a step goes through without it.</summary>
internal sealed class KilledWorkers : IMeasurement
{
    private const int Workers = 2;

    public string Name => "kills";

    public string Description => "Local workers killed (-9): until the next step is committed, and until there are two again.";

    public int Repeats => 100;

    public async Task MeasureAsync(int count, ReportSection section, CancellationToken cancellation)
    {
        var untilStep = new List<TimeSpan>();
        var untilWhole = new List<TimeSpan>();
        await using MeasuredRun run = await MeasuredRun.StartAsync($"--workers {Workers} --epochs 1000000", Workers, cancellation);
        for (int i = 0; i < count; i++)
        {
            IReadOnlyDictionary<string, int> before = run.Workers();
            (string name, int victim) = before.OrderBy(worker => worker.Key, StringComparer.Ordinal).ElementAt(i % Workers);
            long begin = TimeProvider.System.GetTimestamp();
            untilStep.Add(await run.UntilNextStepAsync(
                () =>
                {
                    Signals.KillProcess(victim);
                    return ProcessTable.ExitAsync(victim, cancellation);
                },
                cancellation));
            await run.UntilAsync(
                status => status.Workers.Count(worker => worker.Activity is "computing" or "idle") == Workers
                    && run.Workers() is { Count: Workers } again && again[name] != victim,
                cancellation);
            untilWhole.Add(TimeProvider.System.GetElapsedTime(begin));
            if (!before.Where(worker => worker.Key != name).All(worker => run.Workers().Contains(worker)))
                throw new MeasurementException($"Kill {i + 1} of {name}: the other worker was started again as well.");
            await run.WholeAsync(Workers, cancellation);
            Console.Error.WriteLine($"kill {i + 1}/{count}: {untilStep[^1].TotalSeconds:0.000} s");
        }

        JsonElement verdict = await run.StopAsync(cancellation);
        section.SecondsHeader();
        section.Seconds("killed → next step committed", untilStep, "2 + its nodes");
        section.Seconds("killed → both take part again", untilWhole, "");
        section.Line($"");
        section.Line($"{verdict.GetProperty("steps").GetInt64():N0} steps of the default run, every example counted once, the survivor never started again, and the weights are those of a run without faults.");
    }
}
