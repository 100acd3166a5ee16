using Backprop.Core.Formats;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Backprop.Coordinator.Reports;

/// <summary>training.png: cost and accuracy per epoch.</summary>
public static class TrainingChart
{
    public const string Name = "training.png";

    private const int Width = 1400;
    private const int Height = 800;
    private static readonly Color TrainingColor = Color.FromHex("#2563eb");
    private static readonly Color TestColor = Color.FromHex("#ea6a0a");
    private static readonly Color AccuracyColor = Color.FromHex("#0f9f6e");
    private static readonly Color InkColor = Color.FromHex("#1f2937");
    private static readonly Color MutedColor = Color.FromHex("#6b7280");
    private static readonly Color GridColor = Color.FromHex("#e5e7eb");

    /// <summary>Draws the chart. A machine without fonts or Skia's native library goes without it.</summary>
    /// <param name="problem">Why there is no picture, in one line.</param>
    public static bool TryWrite(string path, IReadOnlyList<EpochMetrics> epochs, string title, out string? problem)
    {
        if (epochs.Count == 0)
        {
            problem = $"{Name} was not drawn: no epoch has ended";
            return false;
        }

        try
        {
            byte[] picture = Draw(epochs, title).GetImageBytes(Width, Height, ImageFormat.Png);
            AtomicFile.Write(path, stream => stream.Write(picture));
            problem = null;
            return true;
        }
        catch (Exception exception)
        {
            // Whatever a native library or a font does: a picture is no reason to lose a run.
            Exception cause = exception is TypeInitializationException { InnerException: { } inner } ? inner : exception;
            problem = $"{Name} was not drawn: {cause.Message.ReplaceLineEndings(" ")}";
            return false;
        }
    }

    private static Plot Draw(IReadOnlyList<EpochMetrics> epochs, string title)
    {
        Plot plot = new() { ScaleFactor = 1.6 };
        plot.FigureBackground.Color = Colors.White;
        bool isLogarithmic = SpansDecades(epochs);
        Func<double, double> scale = isLogarithmic ? Math.Log10 : value => value;

        AddCurve(plot, epochs, line => scale(line.TrainingLoss), TrainingColor, "training cost", plot.Axes.Left);
        AddCurve(plot, epochs, line => scale(line.TestLoss), TestColor, "test cost", plot.Axes.Left);
        AddCurve(plot, epochs, line => line.TestAccuracy * 100, AccuracyColor, "test accuracy", plot.Axes.Right);

        plot.Title(title, 15);
        plot.Axes.Title.Label.ForeColor = InkColor;
        plot.XLabel("epoch", 12);
        plot.YLabel(isLogarithmic ? "cost (logarithmic)" : "cost", 12);
        plot.Axes.Right.Label.Text = "accuracy, %";
        plot.Axes.Right.Label.FontSize = 12;
        plot.Axes.Right.Label.ForeColor = AccuracyColor;
        plot.Axes.Bottom.Label.ForeColor = plot.Axes.Left.Label.ForeColor = MutedColor;
        plot.Axes.Bottom.Label.Bold = plot.Axes.Left.Label.Bold = plot.Axes.Right.Label.Bold = false;
        StyleAxes(plot, isLogarithmic);
        // Curves fall and rise: the middle of the right side is what they leave free.
        Legend legend = plot.ShowLegend(Alignment.MiddleRight);
        legend.OutlineColor = GridColor;
        legend.ShadowColor = Colors.Transparent;
        legend.FontSize = 12;
        legend.FontColor = InkColor;
        return plot;
    }

    private static void AddCurve(
        Plot plot, IReadOnlyList<EpochMetrics> epochs, Func<EpochMetrics, double> value, Color color, string name,
        IYAxis axis)
    {
        (double X, double Y)[] points =
            [.. epochs.Select(line => ((double)line.Epoch, value(line))).Where(point => double.IsFinite(point.Item2))];
        if (points.Length == 0)
            return;

        var curve = plot.Add.ScatterLine(
            points.Select(point => point.X).ToArray(), points.Select(point => point.Y).ToArray());
        curve.Axes.YAxis = axis;
        curve.Color = color;
        curve.LineWidth = 2;
        curve.MarkerSize = points.Length > 60 ? 0 : 5;
        curve.LegendText = name;
    }

    private static void StyleAxes(Plot plot, bool isLogarithmic)
    {
        foreach (IAxis axis in new IAxis[] { plot.Axes.Left, plot.Axes.Right, plot.Axes.Bottom })
        {
            axis.TickLabelStyle.ForeColor = MutedColor;
            axis.TickLabelStyle.FontSize = 11;
            axis.FrameLineStyle.Color = GridColor;
            axis.MajorTickStyle.Color = axis.MinorTickStyle.Color = GridColor;
        }

        plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.Grid.MajorLineColor = GridColor;
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true };
        plot.Axes.Margins(left: 0.02, right: 0.02, bottom: 0.06, top: 0.06);
        if (isLogarithmic)
        {
            plot.Axes.Left.TickGenerator = new NumericAutomatic
            {
                MinorTickGenerator = new LogMinorTickGenerator(),
                IntegerTicksOnly = true,
                LabelFormatter = exponent => Math.Pow(10, exponent).ToString("0.######", null),
            };
        }
    }

    /// <summary>Where costs fall by more than a factor of thirty, a linear axis hides how the run ended.</summary>
    private static bool SpansDecades(IReadOnlyList<EpochMetrics> epochs)
    {
        double[] losses = [.. epochs.SelectMany(line => new[] { line.TrainingLoss, line.TestLoss }).Where(double.IsFinite)];
        return losses.Length > 0 && losses.Min() > 0 && losses.Max() / losses.Min() > 30;
    }
}
