using Backprop.Core.Elements;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>BP3 as a sum: ∇b[l] = Δ[l]·1 along the fixed tree of shards, as the weights' sums go.</summary>
internal sealed class BiasReduction(int maximumRows)
{
    // A right child at each depth of the tree.
    private readonly List<float[]> rightChildren = [];

    /// <summary>
    /// A leaf adds its columns in ascending order from +0; a node is left + right; empty shards are skipped.
    /// </summary>
    /// <param name="error">Δ[l] of one node, n[l] × its examples.</param>
    /// <param name="shardStarts">The first column of each shard, and the end; a power of two of shards.</param>
    /// <param name="sum">Receives ∇b[l].</param>
    /// <param name="rows">Which of it.</param>
    public void Reduce(ColumnBlock error, ReadOnlySpan<int> shardStarts, Span<float> sum, Range rows) =>
        Reduce(error, shardStarts, sum[rows], rows, 0);

    private void Reduce(ColumnBlock error, ReadOnlySpan<int> shardStarts, Span<float> sum, Range rows, int depth)
    {
        int half = (shardStarts.Length - 1) / 2;
        if (half == 0 || shardStarts[0] == shardStarts[^1])
        {
            sum.Clear();
            for (int column = shardStarts[0]; column < shardStarts[^1]; column++)
                ElementLoop.Map(default(Sum), sum, error.Column(column)[rows], sum);
            return;
        }

        ReadOnlySpan<int> left = shardStarts[..(half + 1)];
        ReadOnlySpan<int> right = shardStarts[half..];
        if (right[0] == right[^1])
        {
            Reduce(error, left, sum, rows, depth);
            return;
        }

        if (left[0] == left[^1])
        {
            Reduce(error, right, sum, rows, depth);
            return;
        }

        Reduce(error, left, sum, rows, depth + 1);
        Span<float> rightSum = RightChild(depth).AsSpan(0, sum.Length);
        Reduce(error, right, rightSum, rows, depth + 1);
        ElementLoop.Map(default(Sum), sum, rightSum, sum);
    }

    private float[] RightChild(int depth)
    {
        while (rightChildren.Count <= depth)
            rightChildren.Add(new float[maximumRows]);
        return rightChildren[depth];
    }
}
