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

    public static int Print(VectorWidth width, bool withBlas)
    {
        var product = new MatrixProduct(width);
        Console.WriteLine($"Ours: {width}");
        Console.WriteLine($"{"product m x n x k",-28} {"ours",10} {"OpenBLAS",10} {"ratio",7}");
        Console.WriteLine($"{"",-28} {"GFLOP/s",10} {"GFLOP/s",10}");
        foreach (ProductShape shape in ProductShape.All)
        {
            var work = new ProductCase(shape, product);
            int repetitions = Bursts.Repetitions(work.Ours, BurstSeconds);
            var ours = new double[Pairs];
            var blas = new double[Pairs];
            for (int pair = 0; pair < Pairs; pair++)
            {
                ours[pair] = Bursts.Seconds(work.Ours, repetitions);
                blas[pair] = withBlas ? Bursts.Seconds(work.Blas, repetitions) : double.NaN;
            }

            double perSecond = repetitions * shape.Operations / 1e9;
            double ratio = Bursts.Median([.. ours.Zip(blas, (our, their) => their / our)]);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{shape,-28} {perSecond / Bursts.Median(ours),10:F1} {perSecond / Bursts.Median(blas),10:F1} {ratio,7:P0}"));
        }

        return 0;
    }
}
