using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Sharding;

namespace Backprop.Core.Model;

/// <summary>
/// What a worker computes: the values of nodes of the reduction tree, by fully matrix-based backpropagation over the
/// examples of all its nodes at once.
/// </summary>
/// <remarks>
/// A node's value depends on the network, the weights and the node's examples alone: its bits are the same whichever
/// other nodes are computed beside it, with any number of threads and any vector width. Forward pass and BP2 are one
/// product over all columns, in which each column is its own; only the sums BP3 and BP4 go node by node.
/// Not for several threads at once; nothing is allocated once buffers have grown to the largest step.
/// </remarks>
public sealed class NodeBackpropagation
{
    // Evaluations go in chunks of this many columns, however small the mini-batch.
    private const int EvaluationColumns = 512;

    private readonly NetworkModel model;
    private readonly int maximumColumns;
    private readonly MatrixProduct product;
    private readonly ColumnTeam team;
    private readonly ForwardPass forward;
    private readonly OutputWork output;
    private readonly OutputErrorWork outputError;
    private readonly SlopeWork slope = new();
    private readonly BiasReduction biasReduction;

    // Δ[2] … Δ[L], beside the layers of the parameters.
    private readonly float[][] errors;
    // Sums of nodes that have no place elsewhere, and where each node's stand.
    private readonly List<GradientSum> ownSums = [];
    private readonly List<IReadOnlyList<LayerParameters>> sums = [];
    private readonly List<int> nodeStarts = [];
    private int[] shardStarts = [];
    private NodeTotals[] shardTotals = [];

    /// <param name="maximumColumns">The most examples of one call of <see cref="Train"/>.</param>
    public NodeBackpropagation(NetworkModel model, int maximumColumns, ThreadTeam team)
        : this(model, maximumColumns, team, ColumnTeam.WorthSharing)
    {
    }

    internal NodeBackpropagation(NetworkModel model, int maximumColumns, ThreadTeam team, int worthSharing)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumColumns, 1);
        this.model = model;
        this.maximumColumns = maximumColumns;
        this.team = new ColumnTeam(team, worthSharing);
        product = new MatrixProduct(team);
        forward = new ForwardPass(model, Math.Max(maximumColumns, EvaluationColumns), product, this.team);
        output = new OutputWork(forward, model.Cost);
        output.Reserve(forward.Capacity);
        outputError = new OutputErrorWork(forward, model.Cost, model.Activations[^1]);
        biasReduction = new BiasReduction(model.Shape.Sizes.Max());
        errors = [.. model.Shape.Sizes.Skip(1).Select(size => new float[checked(size * maximumColumns)])];
    }

    /// <summary>
    /// Goes through a mini-batch and an evaluation whose results nobody gets: code is compiled and buffers have their size
    /// before the first step and not in it.
    /// </summary>
    /// <param name="shardCount">S.</param>
    /// <param name="batchSize">Examples of a mini-batch, at most the training set's.</param>
    /// <param name="evaluationShards">Shards of an evaluation of <paramref name="test"/>.</param>
    public void Prepare(ExampleSet training, ExampleSet test, int shardCount, int batchSize, int evaluationShards)
    {
        var zeros = new Parameters(model.Shape);
        int[] positions = [.. Enumerable.Range(0, batchSize)];
        Train(training, positions, zeros, [new ShardNode(0, shardCount)], shardCount, batchSize, IParameterGate.Open, INodeValueSink.None);
        Evaluate(test, [new ShardNode(0, 1)], evaluationShards, zeros, IParameterGate.Open, new NodeTotals[1]);
    }

    /// <summary>Computes the nodes' values and hands them to the sink, layer by layer from the last.</summary>
    /// <param name="positions">
    /// Which examples: those of the first node in ascending position, then the next node's.
    /// </param>
    /// <param name="nodes">Nodes of the tree over the shards; a node without examples gets zeros.</param>
    /// <param name="shardCount">S.</param>
    /// <param name="batchSize">Examples of the whole mini-batch.</param>
    /// <param name="gate">
    /// Is asked before each layer's forward pass; afterwards that layer's weights must stay until the end.
    /// </param>
    /// <exception cref="ArgumentException">
    /// Nodes and positions do not fit together, or there are too many columns.
    /// </exception>
    public void Train(
        ExampleSet examples, ReadOnlySpan<int> positions, Parameters parameters, IReadOnlyList<ShardNode> nodes,
        int shardCount, int batchSize, IParameterGate gate, INodeValueSink sink)
    {
        PlaceNodes(nodes, shardCount, batchSize, sink);
        int columns = positions.Length;
        if (nodeStarts[^1] != columns)
            throw new ArgumentException($"{columns} positions for nodes of {nodeStarts[^1]} examples.");
        if (columns > maximumColumns)
            throw new ArgumentException($"{columns} examples in one call; at most {maximumColumns} fit.");

        positions.CopyTo(forward.Indices(columns));
        forward.Gather(examples, columns);
        forward.Run(parameters, gate, columns);
        sink.ForwardReady();
        team.Run(output, model.Shape.Outputs, columns);
        outputError.Error = Error(model.Shape.LayerCount - 1, columns);
        team.Run(outputError, model.Shape.Outputs, columns);

        for (int layer = model.Shape.LayerCount - 1; layer >= 0; layer--)
        {
            for (int n = 0; n < nodes.Count; n++)
            {
                ReadOnlySpan<int> starts = StartsOf(nodes[n], shardCount, batchSize);
                SumLayer(layer, n, starts);
                sink.LayerReady(nodes[n], layer, sums[n][layer]);
            }

            if (layer > 0)
                CarryErrorBack(layer, parameters, columns);
        }

        for (int n = 0; n < nodes.Count; n++)
        {
            ReadOnlySpan<int> starts = StartsOf(nodes[n], shardCount, batchSize);
            sink.NodeReady(nodes[n], TotalsOf(nodeStarts[n], starts));
        }
    }

    /// <summary>
    /// Cost and right answers over all examples in their own order, by nodes of the tree over fixed blocks.
    /// </summary>
    /// <param name="nodes">Nodes of the tree over the evaluation's shards.</param>
    /// <param name="totals">Receives one a node.</param>
    public void Evaluate(
        ExampleSet examples, IReadOnlyList<ShardNode> nodes, int shardCount, Parameters parameters,
        IParameterGate gate, Span<NodeTotals> totals)
    {
        if (totals.Length != nodes.Count)
            throw new ArgumentException($"Room for {totals.Length} totals, but {nodes.Count} nodes.");

        // Without nodes or examples, too, the caller may count on having waited for the weights.
        for (int layer = 0; layer < model.Shape.LayerCount; layer++)
            gate.WaitForLayer(layer);
        for (int n = 0; n < nodes.Count; n++)
            totals[n] = EvaluateNode(examples, nodes[n], shardCount, parameters);
    }

    /// <summary>The network's outputs for inputs, one example a column.</summary>
    /// <param name="inputs">X, n[1] × B.</param>
    /// <param name="outputs">Receives A[L], n[L] × B.</param>
    public void Predict(ColumnBlock inputs, Parameters parameters, ColumnBlock outputs)
    {
        if (inputs.Rows != model.Shape.Inputs || outputs.Rows != model.Shape.Outputs
            || inputs.Columns != outputs.Columns)
        {
            throw new ArgumentException(
                $"Inputs of {inputs} and outputs of {outputs} do not fit network {model.Shape}, one example a column.");
        }

        for (int first = 0; first < inputs.Columns; first += EvaluationColumns)
        {
            int columns = Math.Min(EvaluationColumns, inputs.Columns - first);
            inputs.Slice(first, columns).Values.CopyTo(forward.Activation(0, columns).Values);
            forward.Run(parameters, IParameterGate.Open, columns);
            forward.Activation(model.Shape.LayerCount, columns).Values.CopyTo(outputs.Slice(first, columns).Values);
        }
    }

    /// <summary>BP4 and BP3 as sums over one node's examples: ∇W[l] = Δ[l]·A[l−1]ᵀ, ∇b[l] = Δ[l]·1.</summary>
    private void SumLayer(int layer, int node, ReadOnlySpan<int> starts)
    {
        int first = nodeStarts[node];
        int count = nodeStarts[node + 1] - first;
        LayerParameters sum = sums[node][layer];
        ColumnBlock error = Error(layer, nodeStarts[^1]).Slice(first, count);
        ColumnBlock activation = forward.Activation(layer, nodeStarts[^1]).Slice(first, count);
        product.MultiplyTransposeReduced(error, activation, starts, sum.Weights);
        biasReduction.Reduce(error, starts, sum.Biases.Values);
    }

    /// <summary>BP2: δ[l] = (W[l+1]ᵀ δ[l+1]) ⊙ σ′(z[l]), for all columns.</summary>
    private void CarryErrorBack(int layer, Parameters parameters, int columns)
    {
        ColumnBlock error = Error(layer - 1, columns);
        product.TransposeMultiply(parameters.Layers[layer].Weights, Error(layer, columns), error);
        slope.Function = model.Activations[layer - 1];
        slope.Activation = forward.Activation(layer, columns);
        slope.Error = error;
        team.Run(slope, error.Rows, columns);
    }

    private NodeTotals EvaluateNode(ExampleSet examples, ShardNode node, int shardCount, Parameters parameters)
    {
        CheckNode(node, shardCount);
        (int start, int end) = ShardCut.Range(node, shardCount, examples.Count);
        Span<NodeTotals> totals = ShardTotals(node.Count);
        totals.Clear();
        int shard = 0;
        for (int first = start; first < end; first += EvaluationColumns)
        {
            int columns = Math.Min(EvaluationColumns, end - first);
            Span<int> indices = forward.Indices(columns);
            for (int column = 0; column < columns; column++)
                indices[column] = first + column;
            forward.Gather(examples, columns);
            forward.Run(parameters, IParameterGate.Open, columns);
            team.Run(output, model.Shape.Outputs, columns);
            for (int column = 0; column < columns; column++)
            {
                while (first + column >= ShardCut.Start(node.First + shard + 1, shardCount, examples.Count))
                    shard++;
                totals[shard] += output.TotalsOf(column);
            }
        }

        return ReductionTree.Total(totals);
    }

    private NodeTotals TotalsOf(int firstColumn, ReadOnlySpan<int> starts)
    {
        Span<NodeTotals> totals = ShardTotals(starts.Length - 1);
        for (int shard = 0; shard < totals.Length; shard++)
        {
            NodeTotals sum = default;
            for (int column = starts[shard]; column < starts[shard + 1]; column++)
                sum += output.TotalsOf(firstColumn + column);
            totals[shard] = sum;
        }

        return ReductionTree.Total(totals);
    }

    /// <summary>Notes the first column of each node, and the end, and finds a place for the sums of each.</summary>
    private void PlaceNodes(IReadOnlyList<ShardNode> nodes, int shardCount, int batchSize, INodeValueSink sink)
    {
        nodeStarts.Clear();
        sums.Clear();
        nodeStarts.Add(0);
        for (int n = 0; n < nodes.Count; n++)
        {
            CheckNode(nodes[n], shardCount);
            (int start, int end) = ShardCut.Range(nodes[n], shardCount, batchSize);
            nodeStarts.Add(nodeStarts[n] + end - start);
            sums.Add(sink.PlaceOf(nodes[n]) ?? OwnSum(n));
        }
    }

    private IReadOnlyList<LayerParameters> OwnSum(int node)
    {
        while (ownSums.Count <= node)
            ownSums.Add(new GradientSum(model.Shape));
        return ownSums[node].Layers;
    }

    /// <summary>
    /// The first column of each of a node's shards, and the end, counted from the node's own first column.
    /// </summary>
    private ReadOnlySpan<int> StartsOf(ShardNode node, int shardCount, int batchSize)
    {
        if (shardStarts.Length < node.Count + 1)
            shardStarts = new int[node.Count + 1];
        int first = ShardCut.Start(node.First, shardCount, batchSize);
        for (int shard = 0; shard <= node.Count; shard++)
            shardStarts[shard] = ShardCut.Start(node.First + shard, shardCount, batchSize) - first;
        return shardStarts.AsSpan(0, node.Count + 1);
    }

    private ColumnBlock Error(int layer, int columns) =>
        new(errors[layer], 0, model.Shape.Sizes[layer + 1], columns);

    private Span<NodeTotals> ShardTotals(int count)
    {
        if (shardTotals.Length < count)
            shardTotals = new NodeTotals[count];
        return shardTotals.AsSpan(0, count);
    }

    private static void CheckNode(ShardNode node, int shardCount)
    {
        if (!node.IsNodeOf(shardCount))
            throw new ArgumentException($"{node} is not a node of the tree over {shardCount} shards.");
    }
}
