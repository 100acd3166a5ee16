using System.Diagnostics;
using Backprop.Bench;
using Backprop.Kernels;

namespace Backprop.Peers;

/// <summary>Everybody in turn, several rounds, so that whatever else the machine does hits all; then medians and ratios.</summary>
internal sealed class Sitting(IReadOnlyList<Contest> contests, int rounds, RunLength length, string python)
{
    public const int PeakSize = 1024;
    private const int PeakRuns = 9;

    public int Run(string? report, string[] arguments)
    {
        if (!OpenBlas.TryStart(out string blas))
            throw new PeerException(blas);
        var competitors = new Competitors(python, length);
        var figures = contests.ToDictionary(contest => contest, _ => new Figures());
        var peaks = new List<double>();
        for (int round = 0; round < rounds; round++)
        {
            peaks.Add(Peak());
            foreach (Contest contest in contests)
            {
                foreach (Competitor competitor in Competitors.In(contest))
                {
                    double rate = competitor.Measure(competitors);
                    figures[contest].Add(competitor.Name, rate);
                    Console.Error.WriteLine(FormattableString.Invariant($"round {round + 1}/{rounds}  {contest}  {competitor.Name}: {rate:N0} examples/s"));
                }
            }
        }

        string tables = new Report(figures, ReportText.Median(peaks), rounds, length).Tables(blas, arguments);
        Console.WriteLine(tables);
        if (report is not null)
            File.WriteAllText(report, tables);
        return 0;
    }

    /// <summary>Operations a second of OpenBLAS's product of two square matrices.</summary>
    private static unsafe double Peak()
    {
        var shape = new ProductShape(ProductForm.Multiply, PeakSize, PeakSize, PeakSize);
        float[] a = new float[PeakSize * PeakSize];
        float[] b = new float[PeakSize * PeakSize];
        float[] c = new float[PeakSize * PeakSize];
        Array.Fill(a, 0.5f);
        Array.Fill(b, 0.25f);
        var seconds = new List<double>();
        fixed (float* pa = a, pb = b, pc = c)
        {
            for (int run = 0; run <= PeakRuns; run++)
            {
                long begin = Stopwatch.GetTimestamp();
                OpenBlas.Run(shape, pa, pb, pc);
                seconds.Add(Stopwatch.GetElapsedTime(begin).TotalSeconds);
            }
        }

        return 2.0 * PeakSize * PeakSize * PeakSize / ReportText.Median(seconds);
    }
}
