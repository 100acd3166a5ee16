using Backprop.Scale.Simulation;

namespace Backprop.Scale.Check;

/// <summary>A real run beside its prediction.</summary>
/// <param name="Measured">Examples a second.</param>
/// <param name="Predicted">Examples a second.</param>
internal sealed record CheckRow(CheckCase Case, int Workers, double Measured, double Predicted)
{
    /// <summary>A share of what was measured.</summary>
    public double Deviation => (Predicted / Measured) - 1;
}

/// <summary>What the check found.</summary>
internal sealed record CheckResult(IReadOnlyList<CheckRow> Rows, IReadOnlyList<(Contest Contest, Calibration Calibration)> Calibrations);

/// <summary>Trains with 1 to 4 workers over links that are narrow enough for this machine, and compares with the simulator.</summary>
internal static class LinkCheck
{
    public const int WorkersAtMost = 4;

    /// <summary>Steps at the beginning of a run are slower: the fewer workers, the more of the short steps are taken.</summary>
    private const int EpochsOfOneWorker = 2;

    /// <summary>Enough steps for a run to say where their time went.</summary>
    private const int EpochsOfCalibration = 4;

    public static async Task<CheckResult> RunAsync(
        IReadOnlyList<CheckCase> cases, string dataset, Costs assumed, Action<string> tell, CancellationToken cancellation)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("backprop-scale-");
        try
        {
            await RealRun.MakeKeysAsync(directory.FullName);
            var calibrations = new Dictionary<Contest, Calibration>();
            await using (SharedLink wide = await SharedLink.StartAsync(2))
            {
                foreach (Contest contest in cases.Select(one => one.Contest).Distinct())
                {
                    StepParts one = await PartsAsync(wide, contest, 1);
                    StepParts two = await PartsAsync(wide, contest, 2);
                    calibrations[contest] = Calibration.Of(contest, one, two, assumed);
                    tell($"calibrated {contest}: {one}; {two}");
                }
            }

            await using SharedLink narrow = await SharedLink.StartAsync(WorkersAtMost);
            var rows = new List<CheckRow>();
            foreach (CheckCase one in cases)
            {
                await narrow.NarrowAsync(one.Megabits);
                for (int workers = 1; workers <= WorkersAtMost; workers++)
                {
                    RealRun real = await MeasureAsync(narrow, one.Contest, one.Milliseconds, workers, Math.Max(1, EpochsOfOneWorker / workers));
                    rows.Add(new CheckRow(one, workers, real.ExamplesPerSecond, Predict(one, workers, calibrations[one.Contest])));
                    tell($"{one.Contest}, {one.Megabits} Mb/s, {workers} workers: {real}; predicted {rows[^1].Predicted:N0}");
                }
            }

            return new CheckResult(rows, [.. calibrations.Select(pair => (pair.Key, pair.Value))]);
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        async Task<StepParts> PartsAsync(SharedLink network, Contest contest, int workers) =>
            (await MeasureAsync(network, contest, 0, workers, EpochsOfCalibration)).Parts
            ?? throw new ScaleException($"Runs of {contest} are too short to say where a step's time goes; take a smaller mini-batch.");

        Task<RealRun> MeasureAsync(SharedLink network, Contest contest, double milliseconds, int workers, int epochs) =>
            RealRun.MeasureAsync(network, directory.FullName, contest, dataset, milliseconds, workers, epochs, cancellation);
    }

    private static double Predict(CheckCase one, int workers, Calibration calibration)
    {
        var cluster = new Cluster(
            one.Contest.Shape, one.Contest.MiniBatch, Topology.Star(workers), one.Link, calibration.Pace, calibration.Costs)
        {
            SharedCores = calibration.Cores,
        };
        return one.Contest.MiniBatch / SimulatedStep.Run(cluster).Seconds;
    }
}
