using Backprop.Core.LinearAlgebra;
using Backprop.Core.Sharding;

namespace Backprop.Core.Model;

/// <summary>
/// A node's whole step by all threads: each takes one of as many descendants of the node from its examples to its sums, as a worker of
/// one thread would, and whoever comes last to a node above adds its two children. So no thread waits for another before the end.
/// </summary>
internal sealed class SubnodeWork(ForwardWork forward, BackwardWork backward, StepNodes nodes, OutputCosts costs, NetworkShape shape, int threadCount) : ITeamWork
{
    // Examples a thread below which it takes longer to add the threads' sums than the threads wait for each other if they share each sum:
    // where all sums fit into a core's own cache, and where they do not.
    private const int LeastColumns = 24;
    private const int LeastColumnsOfLarge = 256;
    private const int LargeModel = 1 << 18;

    // The first descendant's sums arise where the node's are to stand.
    private readonly GradientSum?[] otherSums = new GradientSum?[threadCount];

    // For each layer, how many have come to each node above the descendants: 1 is the node itself, 2 and 3 its children.
    private readonly int[] arrivals = new int[shape.LayerCount * threadCount];

    private readonly int leastColumns = shape.ParameterCount < LargeModel ? LeastColumns : LeastColumnsOfLarge;

    private ShardNode node;
    private int begun;
    private int forwardDone;
    private INodeValueSink sink = INodeValueSink.None;

    /// <summary>The forward pass is part of it; otherwise it has been done.</summary>
    public bool WithForward { get; set; }

    /// <summary>What a thread gathers when it has nothing else to do, as many as now; null: nothing.</summary>
    public ExamplesAhead? Next { get; set; }

    /// <summary>Takes the one node of this step, if it has a descendant for each thread, each with enough examples.</summary>
    /// <param name="receiver">Is told of the layers, by whichever thread has added the last of it, one at a time.</param>
    public bool TryPlace(IReadOnlyList<ShardNode> placed, INodeValueSink receiver)
    {
        if (placed.Count != 1 || !int.IsPow2(threadCount) || placed[0].Count < threadCount)
            return false;
        for (int thread = 0; thread < threadCount; thread++)
        {
            if (ColumnsOf(thread).Count < leastColumns)
                return false;
        }

        for (int thread = 1; thread < threadCount; thread++)
            otherSums[thread] ??= new GradientSum(shape);
        Array.Clear(arrivals);
        (begun, forwardDone) = (0, 0);
        (node, sink) = (placed[0], receiver);
        return true;
    }

    public void Execute(int thread, int threads)
    {
        Interlocked.Increment(ref begun);
        ColumnRange own = ColumnsOf(thread);
        if (WithForward)
        {
            forward.Execute(thread, own);
            if (Interlocked.Increment(ref forwardDone) == threadCount)
                sink.ForwardReady();
        }

        for (int layer = shape.LayerCount - 1; layer >= 0; layer--)
        {
            backward.Sum(thread, layer, nodes.ColumnsOf(0), StartsOf(thread), SumOf(thread, layer), Share.Whole);
            if (IsLastWith(thread, layer))
                HandOut(layer);
            backward.CarryBack(thread, layer, own);
        }

        // A thread that the system has not let begin is waited for: its part comes first.
        Next?.Offer(thread, own);
        if (Volatile.Read(ref begun) == threadCount)
            Next?.GatherOffered(thread);
    }

    private void HandOut(int layer)
    {
        sink.LayerReady(node, layer, nodes.SumOf(0, layer));
        if (layer == 0)
            sink.NodeReady(node, costs.TotalsOf(nodes.ColumnsOf(0), nodes.ShardStartsOf(0)));
    }

    /// <summary>Adds what can be added now that the thread's sum of the layer is there; true: it was the last, and the node's is whole.</summary>
    private bool IsLastWith(int thread, int layer)
    {
        for (int count = 1; count < threadCount; count *= 2)
        {
            int left = thread / (2 * count) * 2 * count;
            if (!IsSecondAt(layer, (threadCount + thread) / (2 * count)))
                return false;
            ReductionTree.AddLayer(SumOf(left, layer), SumOf(left + count, layer), SumOf(left, layer), ..);
        }

        return true;
    }

    private bool IsSecondAt(int layer, int place) => Interlocked.Increment(ref arrivals[(layer * threadCount) + place]) == 2;

    private LayerParameters SumOf(int thread, int layer) =>
        thread == 0 ? nodes.SumOf(0, layer) : otherSums[thread]!.Layers[layer];

    private ColumnRange ColumnsOf(int thread)
    {
        ReadOnlySpan<int> starts = StartsOf(thread);
        return new ColumnRange(nodes.ColumnsOf(0).First + starts[0], starts[^1] - starts[0]);
    }

    private ReadOnlySpan<int> StartsOf(int thread)
    {
        ReadOnlySpan<int> starts = nodes.ShardStartsOf(0);
        int count = (starts.Length - 1) / threadCount;
        return starts.Slice(thread * count, count + 1);
    }
}
