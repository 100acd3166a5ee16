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

    // Multiply-adds below which waking other threads costs more than they save.
    private const long SharedWork = 150_000;

    private readonly NetworkModel model;
    private readonly int maximumColumns;
    private readonly ThreadTeam team;
    private readonly long sharedWork;
    private readonly ForwardPass forward;
    private readonly OutputCosts costs;
    private readonly StepNodes stepNodes;
    private readonly ForwardWork forwardWork;
    private readonly BackwardWork backwardWork;
    private NodeTotals[] shardTotals = [];
    // Whose examples stand in the inputs since GatherAhead, and how many; null: those of no step to come.
    private ExampleSet? gatheredAhead;
    private int gatheredColumns;

    /// <param name="maximumColumns">The most examples of one call of <see cref="Train"/>.</param>
    public NodeBackpropagation(NetworkModel model, int maximumColumns, ThreadTeam team)
        : this(model, maximumColumns, team, SharedWork)
    {
    }

    /// <summary>For tests: shares work of this size among the threads.</summary>
    internal NodeBackpropagation(NetworkModel model, int maximumColumns, ThreadTeam team, long sharedWork)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumColumns, 1);
        this.model = model;
        this.maximumColumns = maximumColumns;
        this.team = team;
        this.sharedWork = sharedWork;
        MatrixProduct[] products = [.. Enumerable.Range(0, team.ThreadCount).Select(_ => new MatrixProduct())];
        forward = new ForwardPass(model, Math.Max(maximumColumns, EvaluationColumns));
        costs = new OutputCosts(forward, model.Cost);
        stepNodes = new StepNodes(model.Shape);
        var backward = new BackwardPass(model, forward, maximumColumns);
        forwardWork = new ForwardWork(forward, costs, backward, products);
        backwardWork = new BackwardWork(forward, backward, stepNodes, products, model.Shape);
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
        GatherAhead(training, positions);
    }

    /// <summary>
    /// Gathers examples while there is nothing else to do: where the next <see cref="Train"/> asks for exactly these, it
    /// begins with the first layer. Inputs of the last step are no longer there afterwards.
    /// </summary>
    /// <exception cref="ArgumentException">There are too many.</exception>
    public void GatherAhead(ExampleSet examples, ReadOnlySpan<int> positions)
    {
        CheckCount(positions.Length);
        gatheredAhead = null;
        forward.CheckFit(examples);
        positions.CopyTo(forward.Indices(positions.Length));
        (forwardWork.Examples, forwardWork.Columns) = (examples, positions.Length);
        RunForward(0, 0);
        (gatheredAhead, gatheredColumns) = (examples, positions.Length);
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
        stepNodes.Place(nodes, shardCount, batchSize, sink);
        int columns = positions.Length;
        if (stepNodes.ColumnCount != columns)
            throw new ArgumentException($"{columns} positions for nodes of {stepNodes.ColumnCount} examples.");
        CheckCount(columns);

        bool isGathered = gatheredAhead == examples && positions.SequenceEqual(forward.Indices(gatheredColumns));
        positions.CopyTo(forward.Indices(columns));
        (forwardWork.WithCosts, forwardWork.WithError) = (true, true);
        RunForward(isGathered ? null : examples, columns, parameters, gate);
        sink.ForwardReady();

        backwardWork.Parameters = parameters;
        for (int layer = model.Shape.LayerCount - 1; layer >= 0; layer--)
        {
            backwardWork.Layer = layer;
            bool isShared = IsShared(MultiplyAdds(layer, columns));
            if (isShared)
                team.Run(backwardWork);
            else
                backwardWork.Sum(0, 1);
            for (int n = 0; n < nodes.Count; n++)
                sink.LayerReady(nodes[n], layer, stepNodes.SumOf(n, layer));
            if (!isShared)
                backwardWork.CarryBack(0, 1);
        }

        for (int n = 0; n < nodes.Count; n++)
            sink.NodeReady(nodes[n], TotalsOf(n));
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
            var range = new ColumnRange(0, columns);
            inputs.Slice(first, columns).Values.CopyTo(forward.Activation(0, range).Values);
            (forwardWork.WithCosts, forwardWork.WithError) = (false, false);
            RunForward(null, columns, parameters, IParameterGate.Open);
            forward.Activation(model.Shape.LayerCount, range).Values.CopyTo(outputs.Slice(first, columns).Values);
        }
    }

    /// <summary>Examples, forward pass and what <see cref="forwardWork"/> is to compute of it, each layer as soon as the gate lets it.</summary>
    /// <param name="examples">Null: the inputs stand in their place.</param>
    private void RunForward(ExampleSet? examples, int columns, Parameters parameters, IParameterGate gate)
    {
        gatheredAhead = null;
        if (examples is not null)
            forward.CheckFit(examples);
        forwardWork.Examples = examples;
        forwardWork.Columns = columns;
        forwardWork.Parameters = parameters;
        forwardWork.Gate = gate;
        if (gate.IsOpen)
        {
            RunForward(0, model.Shape.LayerCount);
            return;
        }

        // Threads that have nothing to do until weights come sleep between two runs.
        RunForward(0, 0);
        forwardWork.Examples = null;
        forwardWork.Gate = IParameterGate.Open;
        for (int layer = 0; layer < model.Shape.LayerCount; layer++)
        {
            gate.WaitForLayer(layer);
            RunForward(layer, layer + 1);
        }
    }

    private void RunForward(int firstLayer, int endLayer)
    {
        (forwardWork.FirstLayer, forwardWork.EndLayer) = (firstLayer, endLayer);
        // Copying an input takes about as long as some multiply-adds.
        long work = forwardWork.Examples is null ? 0 : 10L * model.Shape.Inputs * forwardWork.Columns;
        for (int layer = firstLayer; layer < endLayer; layer++)
            work += MultiplyAdds(layer, forwardWork.Columns);
        if (IsShared(work))
            team.Run(forwardWork);
        else
            forwardWork.Execute(0, 1);
    }

    private long MultiplyAdds(int layer, int columns) =>
        (long)model.Shape.Sizes[layer] * model.Shape.Sizes[layer + 1] * columns;

    private void CheckCount(int columns)
    {
        if (columns > maximumColumns)
            throw new ArgumentException($"{columns} examples in one call; at most {maximumColumns} fit.");
    }

    private bool IsShared(long multiplyAdds) => team.ThreadCount > 1 && multiplyAdds >= sharedWork;

    private NodeTotals EvaluateNode(ExampleSet examples, ShardNode node, int shardCount, Parameters parameters)
    {
        StepNodes.CheckNode(node, shardCount);
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
            (forwardWork.WithCosts, forwardWork.WithError) = (true, false);
            RunForward(examples, columns, parameters, IParameterGate.Open);
            for (int column = 0; column < columns; column++)
            {
                while (first + column >= ShardCut.Start(node.First + shard + 1, shardCount, examples.Count))
                    shard++;
                totals[shard] += costs.TotalsOf(column);
            }
        }

        return ReductionTree.Total(totals);
    }

    private NodeTotals TotalsOf(int node)
    {
        int firstColumn = stepNodes.ColumnsOf(node).First;
        ReadOnlySpan<int> starts = stepNodes.ShardStartsOf(node);
        Span<NodeTotals> totals = ShardTotals(starts.Length - 1);
        for (int shard = 0; shard < totals.Length; shard++)
        {
            NodeTotals sum = default;
            for (int column = starts[shard]; column < starts[shard + 1]; column++)
                sum += costs.TotalsOf(firstColumn + column);
            totals[shard] = sum;
        }

        return ReductionTree.Total(totals);
    }

    private Span<NodeTotals> ShardTotals(int count)
    {
        if (shardTotals.Length < count)
            shardTotals = new NodeTotals[count];
        return shardTotals.AsSpan(0, count);
    }
}
