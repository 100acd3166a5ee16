using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>
/// One layer of the way back. Of BP4 and BP3, ∇W[l] = Δ[l]·A[l−1]ᵀ and ∇b[l] = Δ[l]·1 summed over each node's examples, every thread
/// computes some rows or columns; of BP2, the error of the layer below, its own examples. So threads meet once a layer, where they do not take
/// nodes of their own (<see cref="SubnodeWork"/>).
/// </summary>
/// <param name="products">One a thread.</param>
internal sealed class BackwardWork(
    ForwardPass forward, BackwardPass backward, StepNodes nodes, MatrixProduct[] products, NetworkShape shape) : ITeamWork
{
    private readonly BiasReduction[] biasReductions = [.. products.Select(_ => new BiasReduction(shape.Sizes.Max()))];

    public int Layer { get; set; }

    public Parameters? Parameters { get; set; }

    public void Execute(int thread, int threadCount)
    {
        Sum(thread, threadCount);
        CarryBack(thread, threadCount);
    }

    /// <summary>BP4 and BP3.</summary>
    public void Sum(int thread, int threadCount)
    {
        for (int node = 0; node < nodes.Count; node++)
            Sum(thread, Layer, nodes.ColumnsOf(node), nodes.ShardStartsOf(node), nodes.SumOf(node, Layer), new Share(thread, threadCount));
    }

    /// <summary>BP4 and BP3 of some of a node's shards.</summary>
    /// <param name="columns">The node's.</param>
    /// <param name="starts">The first column of each of the shards, and the end, counted from the node's first.</param>
    /// <param name="share">Which part of the sum.</param>
    public void Sum(int thread, int layer, ColumnRange columns, ReadOnlySpan<int> starts, LayerParameters sum, Share share)
    {
        ColumnBlock error = backward.Error(layer, columns);
        products[thread].MultiplyTransposeReduced(
            error, forward.Activation(layer, columns), starts, sum.Weights, share.Index, share.Count);
        biasReductions[thread].Reduce(error, starts, sum.Biases.Values, share.Of(error.Rows));
    }

    /// <summary>BP2; from the first layer there is nothing to carry to.</summary>
    public void CarryBack(int thread, int threadCount) =>
        CarryBack(thread, Layer, ColumnRange.Of(nodes.ColumnCount, thread, threadCount));

    /// <summary>BP2 for these columns.</summary>
    public void CarryBack(int thread, int layer, ColumnRange columns)
    {
        if (layer > 0)
            backward.CarryBack(layer, Parameters!.Layers[layer], products[thread], columns);
    }
}
