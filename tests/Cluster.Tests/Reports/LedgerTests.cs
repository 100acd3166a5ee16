using Backprop.Cluster.Tests.Commands;
using Backprop.Coordinator.Reports;
using Backprop.Core.Sharding;
using Backprop.Core.Training;

namespace Backprop.Cluster.Tests.Reports;

/// <summary>The ledger: small, exact, and able to show what it is there to rule out.</summary>
public sealed class LedgerTests : IDisposable
{
    /// <summary>2 epochs of 3 steps: 8, 8 and 4 examples in 4 shards.</summary>
    private static readonly RunConfiguration configuration = new() { Layers = "4-2", Shards = 4, MiniBatch = 8, Epochs = 2, DatasetSha256 = "" };

    private static readonly TrainingPlan plan = configuration.Plan(20, 5, 0);
    private static readonly Dictionary<ShardNode, string> two = new() { [new ShardNode(0, 2)] = "w1", [new ShardNode(2, 2)] = "w2" };
    private static readonly Dictionary<ShardNode, string> one = new() { [new ShardNode(0, 4)] = "w1" };

    private readonly TemporaryDirectory directory = new();

    private string Path => System.IO.Path.Combine(directory.Path, LedgerFile.Name);

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Commit_SameWorkersForManySteps_IsOneLine()
    {
        Write(0, (two, 4), (one, 1), (two, 1));
        Assert.Equal(
            """
            {"step":0,"steps":4,"nodes":{"[0,2)":"w1","[2,4)":"w2"}}
            {"step":4,"steps":1,"nodes":{"[0,4)":"w1"}}
            {"step":5,"steps":1,"nodes":{"[0,2)":"w1","[2,4)":"w2"}}

            """,
            File.ReadAllText(Path));
    }

    [Fact]
    public void Check_WholeRun_EveryExampleOnceAndByWhom()
    {
        Write(0, (two, 4), (one, 1), (two, 1));
        LedgerCheck check = LedgerCheck.Of(LedgerFile.Read(Path), plan, configuration);
        Assert.Empty(check.Faults);
        Assert.Equal((6, 40), (check.Steps, check.Examples));

        // By hand: 4 + 4 + 2 + 4 + 8 + 2 of w1, the second halves of w2.
        Assert.Equal((24, 16), (check.ExamplesOf["w1"], check.ExamplesOf["w2"]));
    }

    // A run that is killed has written more than its last checkpoint: those steps come again, perhaps by others.
    [Fact]
    public void Open_RunGoesOn_LaterStepsAreDropped()
    {
        Write(0, (two, 5));
        File.AppendAllText(Path, "{\"step\":5,\"st");
        Write(3, (one, 3));
        LedgerCheck check = LedgerCheck.Of(LedgerFile.Read(Path), plan, configuration);
        Assert.Empty(check.Faults);
        Assert.Equal((6, 40), (check.Steps, check.Examples));
        Assert.Equal(10, check.ExamplesOf["w2"]);
    }

    [Theory]
    [InlineData(0, 2, "2,4", "step 1 comes again after step 2")]
    [InlineData(0, 2, "1,2", "step 1: 6 of 8 examples are not counted once")]
    [InlineData(0, 2, "0,4", "step 1: 4 of 8 examples are not counted once")]
    [InlineData(0, 2, "2,3", "step 1: 2 of 8 examples are not counted once")]
    [InlineData(0, 2, "1,3", "step 1: [1,3) is no node of 4 shards")]
    [InlineData(2, 4, "2,4", "steps 1 to 1 are missing")]
    public void Check_LedgerOfAWrongRun_NamesWhatIsWrong(int firstShard, int endShard, string other, string fault)
    {
        string first = "{\"step\":0,\"steps\":1,\"nodes\":{\"[0,4)\":\"w1\"}}";
        long step = fault.StartsWith("steps", StringComparison.Ordinal) ? 2 : 1;
        string nodes = $"\"[{firstShard},{endShard})\":\"w1\",\"[{other})\":\"w2\"";
        string second = $"{{\"step\":{step},\"steps\":2,\"nodes\":{{{nodes}}}}}";
        string again = fault.Contains("again", StringComparison.Ordinal) ? $"\n{second}" : "";
        File.WriteAllText(Path, $"{first}\n{second}{again}\n");
        LedgerCheck check = LedgerCheck.Of(LedgerFile.Read(Path), plan, configuration);
        Assert.Contains(fault, check.Faults);
    }

    private void Write(long firstStep, params (Dictionary<ShardNode, string> Nodes, int Steps)[] parts)
    {
        using LedgerFile ledger = LedgerFile.Open(Path, firstStep);
        long step = firstStep;
        foreach ((Dictionary<ShardNode, string> nodes, int steps) in parts)
        {
            for (int i = 0; i < steps; i++)
                ledger.Commit(step++, nodes);
        }

        ledger.Flush();
    }
}
