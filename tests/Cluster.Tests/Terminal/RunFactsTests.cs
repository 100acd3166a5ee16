using Backprop.Cluster.Tests.Reports;
using Backprop.Coordinator.Terminal;
using Backprop.Core.Data;
using Backprop.Core.Training;

namespace Backprop.Cluster.Tests.Terminal;

public sealed class RunFactsTests
{
    [Fact]
    public void Of_AllThatIsNotDefault_IsNamed()
    {
        string facts = string.Join('\n', RunFacts.Of(SampleRun.Description));
        foreach (string fact in (string[])
            [
                "7 epochs", "mini-batches of 6 in 2 shards", "sgd, learning rate 0.1", "momentum 0.9", "weight decay 0.0001",
                "schedule step:10:0.5", "weights from a file", "the order of the file", "2 on this machine, 1 thread each",
            ])
        {
            Assert.Contains(fact, facts, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Of_OneOfEach_SpeaksOfOne()
    {
        RunConfiguration one = SampleRun.Configuration with { Epochs = 1, Shards = 1, InitSha256 = null, Initializer = "he" };
        string facts = string.Join('\n', RunFacts.Of(SampleRun.Description with { Configuration = one, WantedWorkers = 0 }));
        Assert.Contains("1 epoch, mini-batches of 6 in 1 shard,", facts, StringComparison.Ordinal);
        Assert.Contains("he weights", facts, StringComparison.Ordinal);
        Assert.Contains("none on this machine; more may join at http://127.0.0.1:5000", facts, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("digits", null, null, null, "evaluate runs/one")]
    [InlineData("mnist", "my data", null, null, "evaluate runs/one --data-dir 'my data'")]
    [InlineData("../it's.csv", null, "new.csv", "3", @"evaluate runs/one --dataset '../it'\''s.csv' --test-file new.csv --label-column 3")]
    public void Verdict_Completed_NamesTheSameDataForTheNextCommand(
        string name, string? directory, string? testFile, string? labelColumn, string expected)
    {
        var data = new DatasetRequest(name, directory, testFile, labelColumn);
        string next = RunFacts.Verdict(SampleRun.Summary, [], SampleRun.Description with { Data = data }).Last();
        Assert.EndsWith($"-- {expected}", next, StringComparison.Ordinal);
    }
}
