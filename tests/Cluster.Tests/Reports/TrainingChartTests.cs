using System.Buffers.Binary;
using Backprop.Cluster.Tests.Commands;
using Backprop.Coordinator.Reports;
using SkiaSharp;

namespace Backprop.Cluster.Tests.Reports;

public sealed class TrainingChartTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private string FilePath => Path.Combine(directory.Path, TrainingChart.Name);

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(30)]
    [InlineData(5_000)]
    public void TryWrite_Epochs_IsAPicture(int count) => AssertDrawn([.. Enumerable.Range(0, count).Select(SampleRun.Line)]);

    [Theory]
    [InlineData(double.NaN, double.NaN)]
    [InlineData(0, 0)]
    [InlineData(-1, 1)]
    [InlineData(double.PositiveInfinity, 1)]
    [InlineData(0, 1e80)]
    [InlineData(double.MaxValue, double.Epsilon)]
    [InlineData(1e300, 1e300)]
    [InlineData(1e-300, 1e-300)]
    [InlineData(1e-12, 1e12)]
    public void TryWrite_AnyLosses_IsAPicture(double trainingLoss, double testLoss) => AssertDrawn(
    [
        SampleRun.Line(0),
        SampleRun.Line(1) with { TrainingLoss = trainingLoss, TestLoss = testLoss },
        SampleRun.Line(2) with { TrainingLoss = testLoss, TestLoss = trainingLoss },
    ]);

    [Fact]
    public void TryWrite_NoFiniteFigure_IsAPicture() => AssertDrawn(
        [SampleRun.Line(0) with { TrainingLoss = double.NaN, TestLoss = double.NaN, TestAccuracy = double.NaN }]);

    [Fact]
    public void TryWrite_Curves_AreInTheirColors()
    {
        AssertDrawn([.. Enumerable.Range(0, 10).Select(SampleRun.Line)]);
        using SKBitmap picture = SKBitmap.Decode(FilePath);
        HashSet<SKColor> colors = [.. picture.Pixels];
        foreach (string color in (string[])["#2563eb", "#ea6a0a", "#0f9f6e"])
            Assert.Contains(SKColor.Parse(color), colors);
    }

    [Fact]
    public void TryWrite_NoEpochs_SaysSo()
    {
        Assert.False(TrainingChart.TryWrite(FilePath, [], "title", out string? problem));
        Assert.Equal("training.png was not drawn: no epoch has ended", problem);
        Assert.False(File.Exists(FilePath));
    }

    [Fact]
    public void TryWrite_DirectoryInTheWay_SaysSoInOneLine()
    {
        Directory.CreateDirectory(FilePath);
        Assert.False(TrainingChart.TryWrite(FilePath, [SampleRun.Line(0)], "title", out string? problem));
        Assert.StartsWith("training.png was not drawn: ", problem, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem!);
        Assert.Equal([FilePath], directory.Entries());
    }

    private void AssertDrawn(IReadOnlyList<EpochMetrics> epochs)
    {
        Assert.True(TrainingChart.TryWrite(FilePath, epochs, "digits: 64-30-10, quadratic cost", out string? problem), problem);

        // The PNG specification: eight bytes of signature, then IHDR with width and height, the most significant byte first.
        byte[] bytes = File.ReadAllBytes(FilePath);
        Assert.Equal("89504E470D0A1A0A", Convert.ToHexString(bytes[..8]));
        Assert.Equal("IHDR", System.Text.Encoding.ASCII.GetString(bytes, 12, 4));
        Assert.InRange(BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(16)), 800, 4_000);
        Assert.InRange(BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(20)), 400, 3_000);
        Assert.InRange(bytes.Length, 5_000, 1_000_000);
        Assert.Equal("IEND", System.Text.Encoding.ASCII.GetString(bytes, bytes.Length - 8, 4));
    }
}
