using Backprop.Core.Data;
using Backprop.Core.Sharding;
using Backprop.Core.Training;

namespace Backprop.Core.Tests.Training;

public sealed class StepExamplesTests
{
    private const ulong Seed = 7;
    private const int MiniBatch = 12;
    private const int Shards = 4;

    private static readonly TrainingPlan plan = new RunConfiguration
    {
        Layers = "4-3-2", Shards = Shards, MiniBatch = MiniBatch, Epochs = 3, DatasetSha256 = "",
    }.Plan(trainingExamples: 36, testExamples: 3, checkpointEvery: 0);

    /// <summary>Of these, in any order, with steps, epochs or nodes alone that differ: each time the positions' examples of that epoch's order.</summary>
    [Fact]
    public void Of_WhateverWasAskedForBefore_ExamplesOfTheNodes()
    {
        (int Epoch, long Step, ShardNode[] Nodes)[] questions =
        [
            (0, 0, [new(0, 2)]), (0, 1, [new(0, 2)]), (0, 1, [new(2, 2)]), (1, 3, [new(2, 2)]), (1, 3, [new(2, 1), new(3, 1)]), (0, 0, []),
        ];
        var examples = new StepExamples(plan, Seed, shuffle: true);
        foreach ((int Epoch, long Step, ShardNode[] Nodes) first in questions)
        {
            foreach ((int Epoch, long Step, ShardNode[] Nodes) second in questions)
            {
                ReadOnlySpan<int> before = examples.Of(first.Epoch, first.Step, first.Nodes);
                ReadOnlySpan<int> after = examples.Of(second.Epoch, second.Step, second.Nodes);
                Assert.Equal(Expected(first), before.ToArray());
                Assert.Equal(Expected(second), after.ToArray());
            }
        }
    }

    private static int[] Expected((int Epoch, long Step, ShardNode[] Nodes) asked)
    {
        int[] order = new int[36];
        EpochOrder.Fill(Seed, asked.Epoch, shuffle: true, order);
        int begin = (int)(asked.Step % 3) * MiniBatch;
        return [.. asked.Nodes.SelectMany(node => order.Skip(begin + (node.First * MiniBatch / Shards)).Take(node.Count * MiniBatch / Shards))];
    }
}
