using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;
using Backprop.Bench;
using Backprop.Kernels;

namespace Backprop.Peers;

/// <summary>Everybody in turn, several rounds, so that whatever else the machine does hits all; then medians and ratios.</summary>
internal sealed class Sitting(IReadOnlyList<Contest> contests, int rounds, int epochs, string python)
{
    private const int PeakSize = 1024;
    private const int PeakRuns = 9;

    public int Run(string? report, string[] arguments)
    {
        if (!OpenBlas.TryStart(out string blas))
            throw new PeerException(blas);
        var competitors = new Competitors(python, epochs);
        var rates = contests.ToDictionary(contest => contest, contest => Competitors.In(contest).Select(_ => new List<double>()).ToArray());
        var peaks = new List<double>();
        for (int round = 0; round < rounds; round++)
        {
            peaks.Add(Peak());
            foreach (Contest contest in contests)
            {
                foreach ((int i, Competitor competitor) in Competitors.In(contest).Index())
                {
                    double rate = competitor.Measure(competitors);
                    rates[contest][i].Add(rate);
                    Console.Error.WriteLine(Text($"round {round + 1}/{rounds}  {contest}  {competitor.Name}: {rate:N0} examples/s"));
                }
            }
        }

        string tables = Tables(rates, Median(peaks), blas, arguments);
        Console.WriteLine(tables);
        if (report is not null)
            File.WriteAllText(report, tables);
        return 0;
    }

    private string Tables(
        Dictionary<Contest, List<double>[]> rates, double peak, string blas, string[] arguments)
    {
        var text = new StringBuilder();
        text.AppendLine("# Backprop beside PyTorch and NumPy").AppendLine();
        text.AppendLine(Text($"Fashion-MNIST, relu and softmax, log-likelihood, SGD at 0.1; {epochs} epochs a run, {rounds} rounds in turn, medians (least to most)."));
        text.AppendLine("Rates are over training time: start-up and evaluation are left out for all.").AppendLine();
        text.AppendLine(Text($"- command: `dotnet run --project bench/Peers -c Release -- {string.Join(' ', arguments)}`"));
        text.AppendLine(Text($"- machine: {ReportText.Processor()}, {Environment.ProcessorCount} cores, AVX-512 {(Avx512F.IsSupported ? "yes" : "no")}"));
        text.AppendLine(Text($"- versions: {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}; {blas}"));
        text.AppendLine(Text($"- OpenBLAS, one thread, {PeakSize}³: {peak / 1e9:0.0} GFLOP/s; the floor of two cores is twice that over the operations an example"));
        foreach (Contest contest in contests)
        {
            List<double>[] all = rates[contest];
            double floor = 2 * peak / contest.Operations;
            text.AppendLine().AppendLine(Text($"## {contest.Layers}, mini-batch {contest.MiniBatch}")).AppendLine();
            text.AppendLine(Text($"| | examples/s | times {Competitors.In(contest)[1].Name} | of the floor |")).AppendLine("|---|---|---|---|");
            foreach ((int i, Competitor competitor) in Competitors.In(contest).Index())
            {
                double median = Median(all[i]);
                text.AppendLine(Text(
                    $"| {competitor.Name} | {median:N0} ({all[i].Min():N0} to {all[i].Max():N0}) | {median / Median(all[1]):0.00} | {median / floor:P0} |"));
            }
        }

        return text.ToString();
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

        return 2.0 * PeakSize * PeakSize * PeakSize / Median(seconds);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
