using System.Diagnostics;
using System.Text.Json;
using Backprop.Core.Data;

namespace Backprop.Faults;

/// <summary>One run, whose workers and coordinator are killed at random moments.</summary>
internal sealed class RandomKills : IMeasurement
{
    private const int Workers = 2;

    /// <summary>One kill in so many is the coordinator's.</summary>
    private const int CoordinatorsShare = 3;

    private const ulong Seed = 1;

    public string Name => "random";

    public string Description => "Random kills (-9) of workers and the coordinator in one run, which is resumed: are the weights the same?";

    public int Repeats => 100;

    public async Task MeasureAsync(int count, ReportSection section, CancellationToken cancellation)
    {
        var random = new RandomSource(Seed, stream: 0);
        long begin = Stopwatch.GetTimestamp();
        (int workers, int coordinators) = (0, 0);

        // It cannot end before the last kill: it is stopped after it, and compared as far as it came.
        await using MeasuredRun run = await MeasuredRun.StartAsync(
            $"--workers {Workers} --epochs 1000000 --checkpoint-every 200", Workers, cancellation);
        while (workers + coordinators < count)
        {
            await Task.Delay(2 * random.NextDouble() * TimeSpan.FromSeconds(1), cancellation);
            int[] victims = [.. run.Workers().Values];
            if (random.NextInt(CoordinatorsShare) == 0)
            {
                await run.KillAsync(cancellation);
                coordinators++;
                await run.ResumeAsync($"--workers {Workers}", cancellation);

                // A run that is killed before its first step has nothing to lose.
                ulong from = (await run.StatusAsync(cancellation)).Step;
                await run.UntilAsync(status => status.Step > from, cancellation);
            }
            else if (victims.Length > 0)
            {
                int victim = victims[random.NextInt(victims.Length)];
                Signals.KillProcess(victim);
                await ProcessTable.ExitAsync(victim, cancellation);
                workers++;
            }

            Console.Error.WriteLine($"kill {workers + coordinators}/{count}: {workers} of workers, {coordinators} of the coordinator; step {(await run.StatusAsync(cancellation)).Step}");
        }

        await run.WholeAsync(Workers, cancellation);
        TimeSpan took = Stopwatch.GetElapsedTime(begin);
        JsonElement verdict = await run.StopAsync(cancellation);
        await CoordinatorProgram.RunAsync($"verify {run.RunPath}", cancellation);
        section.Line($"");
        section.Line($"| kills of workers | kills of the coordinator | steps | minutes | weights_sha256 |");
        section.Line($"|---|---|---|---|---|");
        section.Line($"| {workers} | {coordinators} | {verdict.GetProperty("steps").GetInt64():N0} | {took.TotalMinutes:0.0} | that of as many steps with `--in-process` |");
        section.Line($"");
        section.Line($"The default run with a checkpoint every 200 steps, a kill 0 to 2 s after the one before or after the first step of a resumed coordinator (seed {Seed}), stopped after the last kill; `verify` proves from its ledger that every example was counted once.");
    }
}
