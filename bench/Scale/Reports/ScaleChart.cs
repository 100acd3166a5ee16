using System.Globalization;
using System.Text;
using ScottPlot;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace Backprop.Scale.Reports;

/// <summary>A panel a network: examples a second against workers, both logarithmic, at powers of two, where everybody sends one value.</summary>
internal static class ScaleChart
{
    private const int PanelWidth = 620;
    private const int Height = 520;
    private const int FirstTick = -3;
    private const int LastTick = 12;

    private static readonly Color[] colors = [Color.FromHex("#ea6a0a"), Color.FromHex("#2563eb"), Color.FromHex("#0f9f6e"), Color.FromHex("#6b7280")];

    /// <param name="curves">Of one latency; star and relay tree of each network and link.</param>
    public static string Svg(IReadOnlyList<Curve> curves)
    {
        var panels = new Multiplot();
        IGrouping<Contest, Curve>[] networks = [.. curves.GroupBy(curve => curve.Contest)];
        foreach (IGrouping<Contest, Curve> network in networks)
            panels.AddPlot(Panel(network.Key, [.. network]));
        panels.RemovePlot(panels.GetPlot(0));
        panels.Layout = new ScottPlot.MultiplotLayouts.Columns();
        int width = PanelWidth * networks.Length;
        using var bytes = new MemoryStream();
        using (SKCanvas canvas = SKSvgCanvas.Create(new SKRect(0, 0, width, Height), bytes))
            panels.Render(canvas, new PixelRect(0, width, Height, 0));
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static Plot Panel(Contest contest, IReadOnlyList<Curve> curves)
    {
        Plot plot = new();
        plot.FigureBackground.Color = Colors.White;
        double[] bandwidths = [.. curves.Select(curve => curve.Link.BitsPerSecond).Distinct().Order()];
        foreach (Curve curve in curves)
        {
            bool isStar = curve.Name == Simulation.Topology.Star(1).Name;
            (int Workers, double Rate)[] points = [.. curve.Points.Where(point => int.IsPow2(point.Workers))];
            var line = plot.Add.ScatterLine(
                points.Select(point => Math.Log10(point.Workers)).ToArray(), points.Select(point => Math.Log10(point.Rate)).ToArray());
            line.Color = colors[Array.IndexOf(bandwidths, curve.Link.BitsPerSecond) % colors.Length];
            line.LineWidth = 2;
            line.LinePattern = isStar ? LinePattern.Solid : LinePattern.Dashed;
            line.LegendText = string.Create(CultureInfo.InvariantCulture, $"{curve.Link.BitsPerSecond / 1e9:0.###} Gb/s, {curve.Name}");
        }

        plot.Title(string.Create(CultureInfo.InvariantCulture, $"{contest.Shape}, mini-batch {contest.MiniBatch:N0}, {curves[0].Link.Latency * 1e3:0.###} ms"), 15);
        plot.XLabel("workers", 12);
        plot.YLabel("examples/s", 12);
        plot.Axes.Bottom.TickGenerator = Decades();
        plot.Axes.Left.TickGenerator = Decades();
        plot.Grid.MajorLineColor = Color.FromHex("#e5e7eb");
        plot.ShowLegend(Alignment.LowerLeft).FontSize = 11;
        plot.Axes.Margins(left: 0.02, right: 0.02, bottom: 0.35, top: 0.05);
        return plot;
    }

    private static NumericManual Decades()
    {
        var ticks = new NumericManual();
        for (int exponent = FirstTick; exponent <= LastTick; exponent++)
        {
            ticks.AddMajor(exponent, Math.Pow(10, exponent).ToString("N0", CultureInfo.InvariantCulture));
            for (int digit = 2; digit <= 9; digit++)
                ticks.AddMinor(exponent + Math.Log10(digit));
        }

        return ticks;
    }
}
