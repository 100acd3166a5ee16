using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Core.Data;

namespace Backprop.Cluster.Tests.Resume;

public sealed class KillLoopTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Coordinator_KilledWhileItWritesCheckpoints_NoneTornAndSameWeights()
    {
        // 12 kills of at most 15 steps and those that pass until the kill comes: far from the 7,500 of the run.
        const string what = "--epochs 50 --checkpoint-every 1 --momentum 0.5";
        var loop = new KillLoop(directory, what, sitting => sitting % 4 == 3 ? "--workers 1" : "--in-process", new RandomSource(2026, 0));
        await loop.RunAsync(12);

        // Three are kept, and a fourth stands until the oldest is deleted.
        Assert.InRange(loop.WholeFiles, 12, 4 * 12);

        RunVerdict verdict = await CoordinatorProcess.ResumedAsync(directory, "--in-process --checkpoint-every 7500");
        RunVerdict expected = await CoordinatorProcess.CompleteAsync(directory, "--epochs 50 --momentum 0.5 --in-process", "whole");
        Assert.Equal(expected.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal((expected.Steps, expected.Examples), (verdict.Steps, verdict.Examples));
        Assert.Empty(Directory.GetFiles(Path.Combine(directory.Path, "run"), "*.part", SearchOption.AllDirectories));
        Assert.Equal(50, File.ReadLines(Path.Combine(directory.Path, "run", "metrics.jsonl")).Count());
    }
}
