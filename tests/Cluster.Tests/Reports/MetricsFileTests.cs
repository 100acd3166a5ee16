using System.Text.Json;
using Backprop.Cluster.Tests.Commands;
using Backprop.Coordinator.Reports;

namespace Backprop.Cluster.Tests.Reports;

public sealed class MetricsFileTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private string FilePath => Path.Combine(directory.Path, MetricsFile.Name);

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Append_Epoch_IsALineWithTheFieldsOfTheInterface()
    {
        using (MetricsFile metrics = MetricsFile.Open(FilePath))
            metrics.Append(new EpochMetrics(3, 400, 0.25, 0.5, 0.875, 1234.5, 6.75, 2));
        Assert.Equal(
            "{\"epoch\":3,\"step\":400,\"training_loss\":0.25,\"test_loss\":0.5,\"test_accuracy\":0.875,"
            + "\"examples_per_second\":1234.5,\"elapsed_seconds\":6.75,\"workers\":2}\n",
            File.ReadAllText(FilePath));
    }

    [Fact]
    public void Append_Epoch_IsOnTheDiskAtOnce()
    {
        using MetricsFile metrics = MetricsFile.Open(FilePath);
        metrics.Append(SampleRun.Line(0));
        Assert.Equal([SampleRun.Line(0)], MetricsFile.Read(FilePath));
        metrics.Append(SampleRun.Line(1));
        Assert.Equal([SampleRun.Line(0), SampleRun.Line(1)], MetricsFile.Read(FilePath));
    }

    [Fact]
    public void Append_NotFinite_IsNull()
    {
        using (MetricsFile metrics = MetricsFile.Open(FilePath))
            metrics.Append(SampleRun.Line(0) with { TrainingLoss = double.NaN, TestLoss = double.PositiveInfinity });
        using JsonDocument line = JsonDocument.Parse(File.ReadAllText(FilePath));
        Assert.Equal(JsonValueKind.Null, line.RootElement.GetProperty("training_loss").ValueKind);
        Assert.Equal(JsonValueKind.Null, line.RootElement.GetProperty("test_loss").ValueKind);

        EpochMetrics read = Assert.Single(MetricsFile.Read(FilePath));
        Assert.True(double.IsNaN(read.TrainingLoss) && double.IsNaN(read.TestLoss));
        Assert.Equal(SampleRun.Line(0).TestAccuracy, read.TestAccuracy);
    }

    [Fact]
    public void Read_LastLineTornAnywhere_GivesTheWholeOnes()
    {
        string text = Whole(3);
        int lastLine = text.Length - Text(2).Length;
        for (int length = lastLine; length < text.Length - 1; length++)
        {
            string path = directory.Write("torn.jsonl", text[..length]);
            Assert.Equal([SampleRun.Line(0), SampleRun.Line(1)], MetricsFile.Read(path));
        }
    }

    [Fact]
    public void Open_RunGoesOn_DropsLaterEpochsAndTheTornLine()
    {
        directory.Write(MetricsFile.Name, Whole(5) + Text(5)[..20]);
        using (MetricsFile metrics = MetricsFile.Open(FilePath, firstEpoch: 3))
        {
            Assert.Equal([0, 1, 2], MetricsFile.Read(FilePath).Select(line => line.Epoch));
            metrics.Append(SampleRun.Line(3) with { Workers = 9 });
        }

        Assert.Equal(Whole(3), File.ReadAllText(FilePath)[..Whole(3).Length]);
        Assert.Equal([2, 2, 2, 9], MetricsFile.Read(FilePath).Select(line => line.Workers));
        Assert.Equal([FilePath], directory.Entries());
    }

    [Fact]
    public void Open_NewRun_StartsEmpty()
    {
        directory.Write(MetricsFile.Name, Text(0));
        using MetricsFile metrics = MetricsFile.Open(FilePath);
        Assert.Empty(MetricsFile.Read(FilePath));
    }

    /// <summary>A full disk takes half a line; when there is room again, the next line must not follow that half.</summary>
    [Fact]
    public void Append_DiskFullForAWhile_OtherLinesStayWhole()
    {
        using var disk = new NarrowDisk();
        using (var metrics = new MetricsFile(disk))
        {
            metrics.Append(SampleRun.Line(0));
            disk.Room = 10;
            Assert.Throws<IOException>(() => metrics.Append(SampleRun.Line(1)));
            disk.Room = 0;
            Assert.Throws<IOException>(() => metrics.Append(SampleRun.Line(2)));
            disk.Room = int.MaxValue;
            metrics.Append(SampleRun.Line(3));
            disk.Room = 0;
        }

        string path = Path.Combine(directory.Path, "narrow.jsonl");
        File.WriteAllBytes(path, disk.ToArray());
        Assert.Equal([SampleRun.Line(0), SampleRun.Line(3)], MetricsFile.Read(path));
    }

    private static string Whole(int epochs) => string.Concat(Enumerable.Range(0, epochs).Select(Text));

    private static string Text(int epoch) => $"{{\"epoch\":{epoch},\"step\":{10 * (epoch + 1)},\"training_loss\":"
        + FormattableString.Invariant($"{0.5 / (epoch + 1):R},\"test_loss\":0.25,\"test_accuracy\":0.75,")
        + FormattableString.Invariant($"\"examples_per_second\":1000.5,\"elapsed_seconds\":{1.5 * (epoch + 1):R},\"workers\":2}}\n");

    /// <summary>Takes as many bytes as there is room for, then fails as a full disk does.</summary>
    private sealed class NarrowDisk : MemoryStream
    {
        public int Room { get; set; } = int.MaxValue;

        public override void Write(byte[] buffer, int offset, int count)
        {
            int taken = Math.Min(Room, count);
            base.Write(buffer, offset, taken);
            Room -= taken;
            if (taken < count)
                throw new IOException("No space left on device");
        }
    }
}
