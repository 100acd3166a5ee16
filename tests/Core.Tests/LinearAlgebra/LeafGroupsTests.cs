using Backprop.Core.LinearAlgebra;
using CsCheck;

namespace Backprop.Core.Tests.LinearAlgebra;

public sealed class LeafGroupsTests
{
    [Fact]
    public void Plan_RandomShards_GroupsAreTheLeavesInOrderAndLongEnough() =>
        Gen.Select(Gen.Int[0, 7].SelectMany(level => Gen.Frequency((3, Gen.Int[0, 9]), (1, Gen.Const(0)), (1, Gen.Int[20, 90])).Array[1 << level]), Gen.Int[1, 200])
            .Where((widths, _) => widths.Sum() > 0)
            .Sample((widths, depth) => Check(widths, depth));

    private static unsafe void Check(int[] widths, int depth)
    {
        int[] starts = [0, .. widths.Select((_, shard) => widths[..(shard + 1)].Sum())];
        var leaves = new Leaf[widths.Length];
        int leafCount = SumTree.Plan(starts, starts[^1], leaves);
        var groups = new LeafGroups();
        fixed (Leaf* first = leaves)
            groups.Plan(first, leafCount, depth);

        int leaf = 0;
        int waiting = 0;
        int most = 0;
        for (int i = 0; i < groups.Count; i++)
        {
            int columns = 0;
            int before = waiting;
            for (int end = leaf + groups[i].LeafCount; leaf < end; leaf++)
            {
                columns += leaves[leaf].Columns;
                waiting += 1 - leaves[leaf].Merges;
                most = Math.Max(most, waiting);
            }

            Assert.Equal(columns, groups[i].Columns);
            Assert.Equal(waiting - before, groups[i].Waiting);
            Assert.True(columns >= depth || i == groups.Count - 1);
        }

        Assert.Equal(leafCount, leaf);
        Assert.Equal(1, waiting);
        Assert.Equal(most, groups.MostWaiting);
    }
}
