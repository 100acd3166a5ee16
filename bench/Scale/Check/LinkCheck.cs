using Backprop.Scale.Simulation;

namespace Backprop.Scale.Check;

/// <summary>A real run beside its prediction.</summary>
/// <param name="Predicted">Examples a second.</param>
internal sealed record CheckRow(CheckCase Case, Topology Topology, RealRun Measured, double Predicted)
{
    /// <summary>A share of what was measured.</summary>
    public double Deviation => (Predicted / Measured.ExamplesPerSecond) - 1;
}

/// <summary>What the check found.</summary>
internal sealed record CheckResult(IReadOnlyList<CheckRow> Rows, IReadOnlyList<(Contest Contest, Calibration Calibration)> Calibrations);

/// <summary>Trains with 1 to 4 workers, with relays and without, over links that are narrow enough for this machine, and compares with the simulator.</summary>
internal static class LinkCheck
{
    public const int WorkersAtMost = 4;

    /// <summary>The last is measured, since steps at the beginning of a run are slower.</summary>
    private const int Epochs = 2;

    /// <summary>A relay's workers can join when the run has begun.</summary>
    private const int EpochsOfRelays = 4;

    /// <summary>Enough steps for a run to say where their time went.</summary>
    private const int EpochsOfCalibration = 4;

    /// <summary>Stars of one to four, and two relays with a worker behind each.</summary>
    private static readonly Topology[] topologies =
        [.. Enumerable.Range(1, WorkersAtMost).Select(Topology.Star), Topology.RelayTree(WorkersAtMost, fanOut: 2)];

    public static async Task<CheckResult> RunAsync(
        IReadOnlyList<CheckCase> cases, string dataset, Costs assumed, Action<string> tell, CancellationToken cancellation)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("backprop-scale-");
        try
        {
            await RunKeys.MakeAsync(directory.FullName, WorkersAtMost + 1);
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
                foreach (Topology topology in topologies)
                {
                    int epochs = topology.Places.Any(place => place.IsRelay) ? EpochsOfRelays : Epochs;
                    RealRun real = await MeasureAsync(narrow, one.Contest, one.Milliseconds, topology, epochs);
                    rows.Add(new CheckRow(one, topology, real, Predict(one, topology, calibrations[one.Contest], real.EpochExamples)));
                    tell($"{one.Contest}, {one.Megabits} Mb/s, {topology.Name} of {topology.WorkerCount}: {real}; predicted {rows[^1].Predicted:N0}");
                }
            }

            return new CheckResult(rows, [.. calibrations.Select(pair => (pair.Key, pair.Value))]);
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        async Task<StepParts> PartsAsync(SharedLink network, Contest contest, int workers) =>
            (await MeasureAsync(network, contest, 0, Topology.Star(workers), EpochsOfCalibration)).Parts
            ?? throw new ScaleException($"Runs of {contest} are too short to say where a step's time goes; take a smaller mini-batch.");

        Task<RealRun> MeasureAsync(SharedLink network, Contest contest, double milliseconds, Topology topology, int epochs) =>
            RealRun.MeasureAsync(network, directory.FullName, contest, dataset, milliseconds, topology, epochs, cancellation);
    }

    /// <summary>
    /// Examples a second of an epoch. Its first step finds the weights there, which the evaluation before it has brought, and its last one
    /// has the examples that are left.
    /// </summary>
    private static double Predict(CheckCase one, Topology topology, Calibration calibration, int epochExamples)
    {
        Contest contest = one.Contest;
        var cluster = new Cluster(contest.Shape, contest.MiniBatch, topology, one.Link, calibration.Pace, calibration.Costs)
        {
            SharedCores = calibration.Cores,
            IsOnlyCoordinatorNarrow = true,
        };
        (int wholeSteps, int left) = Math.DivRem(epochExamples, contest.MiniBatch);
        double seconds = SimulatedStep.Seconds(cluster with { HasWeights = true }) + ((wholeSteps - 1) * SimulatedStep.Seconds(cluster));
        if (left > 0)
            seconds += SimulatedStep.Seconds(cluster with { MiniBatch = left });
        return epochExamples / seconds;
    }
}
