using Backprop.Core.Model;
using Backprop.Core.Sharding;
using CsCheck;

namespace Backprop.Core.Tests.Sharding;

public sealed class ReductionTreeTests
{
    [Theory]
    [InlineData(0, 8, "[0,8)")]
    [InlineData(0, 7, "[0,4) [4,6) [6,7)")]
    [InlineData(1, 8, "[1,2) [2,4) [4,8)")]
    [InlineData(3, 5, "[3,4) [4,5)")]
    [InlineData(5, 5, "")]
    public void Cover_Range_FewestAlignedNodes(int first, int end, string expected) =>
        Assert.Equal(expected, string.Join(' ', ReductionTree.Cover(first, end)));

    [Fact]
    public void Cover_AnyRange_NodesOfTheTreeAtMostTwoALevel() =>
        (from first in Gen.Int[0, 1024]
         from end in Gen.Int[first, 1024]
         select (first, end)).Sample((first, end) =>
        {
            IReadOnlyList<ShardNode> nodes = ReductionTree.Cover(first, end);
            int at = first;
            foreach (ShardNode node in nodes)
            {
                Assert.True(node.IsNodeOf(1024));
                Assert.Equal(at, node.First);
                at = node.End;
            }

            Assert.Equal(end, at);
            Assert.All(nodes.GroupBy(node => node.Count), level => Assert.True(level.Count() <= 2));
        });

    [Fact]
    public void Add_TwoSums_ElementByElement()
    {
        GradientSum left = Of(1f, new NodeTotals(2, 1, 0.5));

        ReductionTree.Add(left, Of(2f, new NodeTotals(3, 2, 0.25)));

        Assert.Equal([3f, 3f], left.Layers[0].Weights.Values);
        Assert.Equal([3f], left.Layers[0].Biases.Values);
        Assert.Equal(new NodeTotals(5, 3, 0.75), left.Totals);
    }

    [Fact]
    public void Add_EmptySide_IsTheOther()
    {
        // −0 + 0 would be +0: an empty side is skipped, not added.
        GradientSum left = Of(-0f, new NodeTotals(1, 0, 1));
        ReductionTree.Add(left, Of(0f, default));
        GradientSum empty = Of(0f, default);
        ReductionTree.Add(empty, Of(-0f, new NodeTotals(1, 0, 1)));

        Assert.True(float.IsNegative(left.Layers[0].Weights.Values[0]));
        Assert.True(float.IsNegative(empty.Layers[0].Weights.Values[0]));
        Assert.Equal(new NodeTotals(1, 0, 1), empty.Totals);
    }

    [Fact]
    public void Total_Costs_AddedAlongTheTree()
    {
        // (1e16 + 1) + (1 + 1): in double 1e16 + 1 is 1e16, so the tree gives 1e16 + 2, ascending order 1e16.
        NodeTotals total = ReductionTree.Total([new(1, 0, 1e16), new(1, 1, 1), new(1, 1, 1), new(1, 0, 1)]);

        Assert.Equal(new NodeTotals(4, 2, 1e16 + 2), total);
    }

    [Fact]
    public void IsEmpty_FewerExamplesThanShards_SomeNodes()
    {
        // ⌊s·3/8⌋ = 0 0 0 1 1 1 2 2 3: examples lie in shards 2, 5 and 7.
        bool[] empty = [.. Enumerable.Range(0, 8).Select(s => ReductionTree.IsEmpty(new ShardNode(s, 1), 8, 3))];

        Assert.Equal([true, true, false, true, true, false, true, false], empty);
        Assert.True(ReductionTree.IsEmpty(new ShardNode(0, 2), 8, 3));
        Assert.False(ReductionTree.IsEmpty(new ShardNode(0, 4), 8, 3));
    }

    private static GradientSum Of(float value, NodeTotals totals)
    {
        var sum = new GradientSum(new NetworkShape(2, 1)) { Totals = totals };
        sum.Layers[0].Numbers.Span.Fill(value);
        return sum;
    }
}
