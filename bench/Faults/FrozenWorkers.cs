using System.Text.Json;

namespace Backprop.Faults;

/// <summary>One of two local workers is stopped where it stands, and later goes on.</summary>
internal sealed class FrozenWorkers : IMeasurement
{
    private const int Workers = 2;

    public string Name => "frozen";

    public string Description => "Local workers frozen (SIGSTOP): until the next step is committed.";

    public int Repeats => 20;

    public async Task MeasureAsync(int count, ReportSection section, CancellationToken cancellation)
    {
        var untilStep = new List<TimeSpan>();
        await using MeasuredRun run = await MeasuredRun.StartAsync($"--workers {Workers} --epochs 1000000", Workers, cancellation);
        for (int i = 0; i < count; i++)
        {
            int victim = run.Workers().OrderBy(worker => worker.Key, StringComparer.Ordinal).ElementAt(i % Workers).Value;
            untilStep.Add(await run.UntilNextStepAsync(
                () =>
                {
                    Signals.Freeze(victim);
                    return ProcessTable.FrozenAsync(victim, cancellation);
                },
                cancellation));
            Signals.Thaw(victim);
            await run.WholeAsync(Workers, cancellation);
            Console.Error.WriteLine($"frozen {i + 1}/{count}: {untilStep[^1].TotalSeconds:0.000} s");
        }

        JsonElement verdict = await run.StopAsync(cancellation);
        section.SecondsHeader();
        section.Seconds("frozen → next step committed", untilStep, "10");
        section.Line($"");
        section.Line($"{verdict.GetProperty("steps").GetInt64():N0} steps of the default run, every example counted once, and the weights are those of a run without faults.");
    }
}
