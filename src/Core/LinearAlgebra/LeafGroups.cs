namespace Backprop.Core.LinearAlgebra;

/// <summary>Some leaves of a tree side by side, which kernels take at once.</summary>
internal struct LeafGroup
{
    public int LeafCount;

    public int Columns;

    /// <summary>How many more sums wait after them than before.</summary>
    public int Waiting;
}

/// <summary>A tree's leaves cut into groups. The array is used again from tree to tree.</summary>
internal sealed unsafe class LeafGroups
{
    /// <summary>Leaves that are so large a part of a group gain nothing by being added in registers.</summary>
    private const int LargeLeaf = 4;

    private LeafGroup[] groups = new LeafGroup[8];

    public int Count { get; private set; }

    /// <summary>The most sums that wait at any time.</summary>
    public int MostWaiting { get; private set; }

    public ref readonly LeafGroup this[int group] => ref groups[group];

    /// <param name="leaves">From <see cref="SumTree.Plan"/>, at least one.</param>
    /// <param name="depth">
    /// The columns that a group has at least, but for the last. One of short leaves goes on to the end of a node of four, which <see cref="TreeKernel4{TVector, TLanes, TColumns}"/> adds in registers.
    /// </param>
    public void Plan(Leaf* leaves, int leafCount, int depth)
    {
        Count = 0;
        MostWaiting = 0;
        int waiting = 0;
        var group = default(LeafGroup);
        for (int leaf = 0; leaf < leafCount; leaf++)
        {
            int more = 1 - leaves[leaf].Merges;
            waiting += more;
            MostWaiting = Math.Max(MostWaiting, waiting);
            group.LeafCount++;
            group.Columns += leaves[leaf].Columns;
            group.Waiting += more;
            bool mayEnd = leaves[leaf].Merges >= 2 || leaves[leaf].Columns >= depth / LargeLeaf;
            if ((group.Columns < depth || !mayEnd) && leaf < leafCount - 1)
                continue;
            if (Count == groups.Length)
                Array.Resize(ref groups, 2 * Count);
            groups[Count++] = group;
            group = default;
        }
    }
}
