using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>
/// One layer of the way back. Of BP4 and BP3, ∇W[l] = Δ[l]·A[l−1]ᵀ and ∇b[l] = Δ[l]·1 summed over each node's examples, every thread
/// computes some rows or columns; of BP2, the error of the layer below, its own examples. So threads meet once a layer.
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
        {
            LayerParameters sum = nodes.SumOf(node, Layer);
            ColumnRange columns = nodes.ColumnsOf(node);
            ReadOnlySpan<int> starts = nodes.ShardStartsOf(node);
            ColumnBlock error = backward.Error(Layer, columns);
            products[thread].MultiplyTransposeReduced(
                error, forward.Activation(Layer, columns), starts, sum.Weights, thread, threadCount);
            biasReductions[thread].Reduce(error, starts, sum.Biases.Values, new Share(thread, threadCount).Of(error.Rows));
        }
    }

    /// <summary>BP2; from the first layer there is nothing to carry to.</summary>
    public void CarryBack(int thread, int threadCount)
    {
        if (Layer > 0)
            backward.CarryBack(Layer, Parameters!.Layers[Layer], products[thread], ColumnRange.Of(nodes.ColumnCount, thread, threadCount));
    }
}
