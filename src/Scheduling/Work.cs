using Backprop.Core.Sharding;

namespace Backprop.Scheduling;

public enum WorkKind
{
    /// <summary>Gradients of a mini-batch.</summary>
    Training,

    /// <summary>Cost and accuracy of the test set.</summary>
    Evaluation,
}

/// <summary>One reduction tree to be computed: a step's mini-batch, or the test set after an epoch.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="Step">Steps committed before it: the weights to use are those after that many.</param>
/// <param name="Shards">Leaves of the tree, a power of two.</param>
/// <param name="BatchSize">Examples in the tree.</param>
public readonly record struct Work(WorkKind Kind, int Epoch, long Step, int Shards, int BatchSize)
{
    /// <summary>How many of its examples are a node's.</summary>
    public int ExamplesOf(ShardNode node)
    {
        (int start, int end) = ShardCut.Range(node, Shards, BatchSize);
        return end - start;
    }

    public override string ToString() =>
        Kind == WorkKind.Training ? $"step {Step}" : $"the evaluation of epoch {Epoch}";
}
