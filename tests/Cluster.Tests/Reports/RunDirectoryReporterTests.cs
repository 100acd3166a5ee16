using Backprop.Cluster.Tests.Commands;
using Backprop.Coordinator.Reports;

namespace Backprop.Cluster.Tests.Reports;

public sealed class RunDirectoryReporterTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly List<string> warnings = [];

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Run_Whole_LeavesItsFourFiles()
    {
        using var reporter = new RunDirectoryReporter(directory.Path, warnings.Add);
        reporter.RunStarted(SampleRun.Description);
        for (int epoch = 0; epoch < 3; epoch++)
            reporter.EpochEnded(SampleRun.Epoch(epoch), SampleRun.Snapshot);
        reporter.RunEnded(SampleRun.Summary, []);

        Assert.Equal(RunDirectoryReporter.PathsIn(directory.Path).Order(), directory.Entries());
        Assert.Equal(SampleRun.Configuration, ConfigFile.Read(Path.Combine(directory.Path, "config.json")).Configuration);
        EpochMetrics last = MetricsFile.Read(Path.Combine(directory.Path, "metrics.jsonl"))[2];

        // 3 of 4 right; the rate, the time and the workers are the snapshot's.
        Assert.Equal(new EpochMetrics(2, 30, 0.5 / 3, 0.25, 0.75, 1000.5, 4.5, 2), last);
        Assert.Empty(warnings);
    }

    [Fact]
    public void Run_GoesOn_KeepsEarlierEpochs()
    {
        directory.Write("metrics.jsonl", "");
        using (MetricsFile before = MetricsFile.Open(Path.Combine(directory.Path, "metrics.jsonl")))
        {
            for (int epoch = 0; epoch < 4; epoch++)
                before.Append(SampleRun.Line(epoch));
        }

        using var reporter = new RunDirectoryReporter(directory.Path, warnings.Add, firstEpoch: 2);
        reporter.RunStarted(SampleRun.Description);
        reporter.EpochEnded(SampleRun.Epoch(2), SampleRun.Snapshot);
        reporter.RunEnded(SampleRun.Summary, []);
        Assert.Equal([0, 1, 2], MetricsFile.Read(Path.Combine(directory.Path, "metrics.jsonl")).Select(line => line.Epoch));
    }

    [Fact]
    public void Run_NoEpoch_HasNoPictureAndNoWarning()
    {
        using var reporter = new RunDirectoryReporter(directory.Path, warnings.Add);
        reporter.RunStarted(SampleRun.Description);
        reporter.RunEnded(SampleRun.Summary with { Status = "interrupted" }, []);
        Assert.False(File.Exists(Path.Combine(directory.Path, "training.png")));
        Assert.Empty(warnings);
    }

    [Fact]
    public void Run_DirectoryGone_WarnsOfEachFileAndGoesOn()
    {
        string gone = Path.Combine(directory.Path, "gone");
        using var reporter = new RunDirectoryReporter(gone, warnings.Add);
        reporter.RunStarted(SampleRun.Description);
        reporter.EpochEnded(SampleRun.Epoch(0), SampleRun.Snapshot);
        reporter.RunEnded(SampleRun.Summary, []);
        foreach (string name in (string[])["config.json", "metrics.jsonl", "summary.json", "training.png"])
            Assert.Single(warnings, line => line.Contains(name, StringComparison.Ordinal));
        Assert.All(warnings, line => Assert.DoesNotContain('\n', line));
    }

    [Fact]
    public void Run_EveryNameTakenByADirectory_WarnsAndGoesOn()
    {
        foreach (string path in RunDirectoryReporter.PathsIn(directory.Path))
            Directory.CreateDirectory(Path.Combine(path, "full"));
        using var reporter = new RunDirectoryReporter(directory.Path, warnings.Add);
        reporter.RunStarted(SampleRun.Description);
        reporter.EpochEnded(SampleRun.Epoch(0), SampleRun.Snapshot);
        reporter.RunEnded(SampleRun.Summary, []);
        Assert.Equal(4, warnings.Count);
        Assert.Empty(Directory.GetFiles(directory.Path));
    }
}
