using System.Diagnostics;
using System.Globalization;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Kernels;

/// <summary>
/// Ours against OpenBLAS in a few seconds. The two take turns in short bursts, so that whatever else the machine does
/// hits both; the ratio is the median over pairs of bursts.
/// </summary>
internal static class QuickTable
{
    private const double BurstSeconds = 0.002;
    private const int Pairs = 21;

    public static int Print(VectorWidth width, int threads, bool withBlas)
    {
        using var team = new ThreadTeam(threads);
        var product = new MatrixProduct(team, width);
        Console.WriteLine($"Ours: {width}, threads: {threads}");
        Console.WriteLine($"{"product m x n x k",-28} {"ours",10} {"OpenBLAS",10} {"ratio",7}");
        Console.WriteLine($"{"",-28} {"GFLOP/s",10} {"GFLOP/s",10}");
        foreach (ProductShape shape in ProductShape.All)
        {
            var work = new ProductCase(shape, product);
            int repetitions = Repetitions(work.Ours);
            var ours = new double[Pairs];
            var blas = new double[Pairs];
            for (int pair = 0; pair < Pairs; pair++)
            {
                ours[pair] = Seconds(work.Ours, repetitions);
                blas[pair] = withBlas ? Seconds(work.Blas, repetitions) : double.NaN;
            }

            double perSecond = repetitions * shape.Operations / 1e9;
            double ratio = Median([.. ours.Zip(blas, (our, their) => their / our)]);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{shape,-28} {perSecond / Median(ours),10:F1} {perSecond / Median(blas),10:F1} {ratio,7:P0}"));
        }

        return 0;
    }

    private static int Repetitions(Action work)
    {
        work();
        long begin = Stopwatch.GetTimestamp();
        int done = 0;
        while (Stopwatch.GetElapsedTime(begin).TotalSeconds < BurstSeconds)
        {
            work();
            done++;
        }

        return Math.Max(1, done);
    }

    private static double Seconds(Action work, int repetitions)
    {
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < repetitions; i++)
            work();
        return Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
