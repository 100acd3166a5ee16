using Backprop.Protos;

namespace Backprop.Faults;

/// <summary>A long run of a large model: does memory stay where it was?</summary>
internal sealed class Soak : IMeasurement
{
    private const int Workers = 2;
    private const string Network = "--layers 64-2200-2200-10 --learning-rate 0.1 --epochs 1000000";
    private const double GrowthAtMost = 0.05;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public string Name => "soak";

    public string Description => "Resident memory of the coordinator and its workers over a long run of a 20 MB model; --repeats are steps.";

    public int Repeats => 10_000;

    public async Task MeasureAsync(int count, ReportSection section, CancellationToken cancellation)
    {
        var samples = new Dictionary<string, List<(double Progress, double Megabytes)>>();
        await using MeasuredRun run = await MeasuredRun.StartAsync($"--workers {Workers} {Network}", Workers, cancellation);
        ulong first = (await run.StatusAsync(cancellation)).Step;
        ulong step = first;
        int second = 0;
        for (; step < first + (ulong)count; second++)
        {
            await Task.Delay(Interval, cancellation);
            RunStatus status = await run.StatusAsync(cancellation);
            if (status.Phase == "ended")
                throw new MeasurementException("The run ended by itself.");
            step = status.Step;
            double progress = (step - first) / (double)count;
            foreach ((string name, int id) in run.Workers().Append(new("coordinator", run.Id)))
            {
                if (!samples.TryGetValue(name, out List<(double, double)>? known))
                    samples[name] = known = [];
                known.Add((progress, (ProcessTable.ResidentBytes(id) ?? 0) / 1e6));
            }

            if (second % 10 == 0)
                Console.Error.WriteLine($"step {step - first}/{count}: {string.Join(", ", samples.Select(process => $"{process.Key} {process.Value[^1].Megabytes:0} MB"))}");
        }

        section.Line($"");
        section.Line($"| resident MB, means | second tenth | last tenth | growth (target ± {GrowthAtMost:P0}) |");
        section.Line($"|---|---|---|---|");
        foreach ((string name, List<(double Progress, double Megabytes)> known) in samples.OrderBy(process => process.Key, StringComparer.Ordinal))
        {
            double early = MeanBetween(known, 0.1, 0.2);
            double late = MeanBetween(known, 0.9, 1);
            section.Line($"| {name} | {early:0} | {late:0} | {(late / early) - 1:+0.0 %;−0.0 %} |");
        }

        section.Line($"");
        section.Line($"{step - first:N0} steps of mini-batches of 10 in {second / 60.0:0.0} minutes, two local workers, a checkpoint and an evaluation every 150 steps, VmRSS sampled every second (`{Network}`).");
    }

    private static double MeanBetween(List<(double Progress, double Megabytes)> samples, double from, double to) =>
        samples.Where(sample => sample.Progress >= from && sample.Progress <= to).Select(sample => sample.Megabytes).DefaultIfEmpty(double.NaN).Average();
}
