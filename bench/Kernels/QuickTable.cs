using System.Globalization;
using System.Text;
using Backprop.Bench;
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

    /// <param name="rounds">How often all shapes are gone through.</param>
    /// <param name="arguments">What the report's command is made of.</param>
    public static string Of(VectorWidth width, bool withBlas, int rounds, string blas, IReadOnlyList<string> arguments)
    {
        var product = new MatrixProduct(width);
        Row[] rows = [.. ProductShape.All.Select(shape => new Row(shape, product))];
        for (int round = 0; round < rounds; round++)
        {
            foreach (Row row in rows)
                row.Measure(withBlas);
        }

        var text = new StringBuilder();
        ReportText.Line(text, $"# Matrix products");
        ReportText.Line(text, $"");
        ReportText.Line(text, $"C is m × n, the inner index runs to k; Σ over so many shards along the tree, where OpenBLAS makes one sum. One thread each, single precision,");
        ReportText.Line(text, $"ours with vectors of {width}. Medians of {rounds * Pairs} pairs of bursts of {BurstSeconds * 1000} ms; the ratio is the median of the pairs' own.");
        ReportText.Line(text, $"");
        ReportText.Describe(text, "Kernels", arguments);
        ReportText.Line(text, $"- {blas}");
        ReportText.Line(text, $"");
        ReportText.Line(text, $"| product m x n x k | ours, GFLOP/s | OpenBLAS, GFLOP/s | ratio | goal |");
        ReportText.Line(text, $"|---|---|---|---|---|");
        foreach (Row row in rows)
            ReportText.Line(text, $"{row}");
        return text.ToString();
    }

    private sealed class Row(ProductShape shape, MatrixProduct product)
    {
        private readonly List<double> ours = [];
        private readonly List<double> blas = [];

        public void Measure(bool withBlas)
        {
            var work = new ProductCase(shape, product);
            int repetitions = Bursts.Repetitions(work.Ours, BurstSeconds);
            for (int pair = 0; pair < Pairs; pair++)
            {
                ours.Add(Bursts.Seconds(work.Ours, repetitions) / repetitions);
                blas.Add(withBlas ? Bursts.Seconds(work.Blas, repetitions) / repetitions : double.NaN);
            }
        }

        public override string ToString()
        {
            double ratio = ReportText.Median(ours.Zip(blas, (our, their) => their / our));
            string goal = shape.Goal is { } share
                ? string.Create(CultureInfo.InvariantCulture, $"{share:P0}{(ratio >= share ? ", reached" : double.IsNaN(ratio) ? "" : ", missed")}")
                : "";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"| {shape} | {PerSecond(ours):F1} | {PerSecond(blas):F1} | {ratio:P0} | {goal} |");
        }

        private double PerSecond(List<double> seconds) => shape.Operations / ReportText.Median(seconds) / 1e9;
    }
}
