using System.Globalization;
using Backprop.Bench;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Kernels;

/// <summary>Whole steps of a worker beside what OpenBLAS makes of 1024³ in one thread in the same moments, in bursts by turns.</summary>
internal static class StepTable
{
    private const double BurstSeconds = 0.02;
    private const int Pairs = 15;

    private static readonly (string Layers, int MiniBatch)[] networks =
    [
        ("784-30-10", 10), ("784-30-10", 64), ("784-128-10", 256), ("784-128-10", 1024), ("784-512-256-10", 256),
        ("784-512-256-10", 1024), ("784-1024-1024-10", 1024),
    ];

    public static int Print(int threads)
    {
        using var team = new ThreadTeam(threads);
        var peak = new ProductCase(ProductShape.All[0], new MatrixProduct());
        Console.WriteLine($"{"network, mini-batch",-24} {"workers",8} {"µs",9} {"examples/s",11} {"GFLOP/s",9} {"share",7}");
        foreach ((string layers, int miniBatch) in networks)
        {
            foreach (int workers in (ReadOnlySpan<int>)[1, 2])
            {
                var step = new StepCase(layers, miniBatch, workers, team);
                Row($"{layers}, {miniBatch}", workers, step, peak);
            }
        }

        return 0;
    }

    private static void Row(string name, int workers, StepCase step, ProductCase peak)
    {
        int repetitions = Bursts.Repetitions(step.Run, BurstSeconds);
        var steps = new double[Pairs];
        var shares = new double[Pairs];
        for (int pair = 0; pair < Pairs; pair++)
        {
            steps[pair] = Bursts.Seconds(step.Run, repetitions) / repetitions;
            double blas = ProductShape.All[0].Operations / Bursts.Seconds(peak.Blas, 1);
            shares[pair] = step.Operations / steps[pair] / blas;
        }

        double seconds = ReportText.Median(steps);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-24} {workers,8} {seconds * 1e6,9:F1} {step.Examples / seconds,11:N0} {step.Operations / seconds / 1e9,9:F1} {ReportText.Median(shares),7:P0}"));
    }
}
