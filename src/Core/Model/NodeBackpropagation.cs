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
    private readonly ForwardPass forward;
    private readonly OutputCosts costs;
    private readonly StepNodes stepNodes;
    private readonly ForwardWork forwardWork;
    private readonly SharedForward forwardRun;
    private readonly BackwardWork backwardWork;
    private readonly SubnodeWork subnodeWork;
    private readonly ExamplesAhead ahead;
    private bool isRehearsing;

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
        MatrixProduct[] products = [.. Enumerable.Range(0, team.ThreadCount).Select(_ => new MatrixProduct())];
        forward = new ForwardPass(model, Math.Max(maximumColumns, EvaluationColumns));
        costs = new OutputCosts(forward, model.Cost);
        stepNodes = new StepNodes(model.Shape);
        var backward = new BackwardPass(model, forward, maximumColumns);
        forwardWork = new ForwardWork(forward, costs, backward, products);
        forwardRun = new SharedForward(forwardWork, model.Shape, team, sharedWork);
        backwardWork = new BackwardWork(forward, backward, stepNodes, products, model.Shape);
        ahead = new ExamplesAhead(forward, team.ThreadCount);
        subnodeWork = new SubnodeWork(forwardWork, backwardWork, stepNodes, costs, model.Shape, team.ThreadCount);
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
        // Sums for each thread are memory that the share of one of many workers may not need.
        isRehearsing = true;
        var zeros = new Parameters(model.Shape);
        int[] positions = [.. Enumerable.Range(0, batchSize)];
        Train(training, positions, zeros, [new ShardNode(0, shardCount)], shardCount, batchSize, IParameterGate.Open, INodeValueSink.None, positions);
        Evaluate(test, [new ShardNode(0, 1)], evaluationShards, zeros, IParameterGate.Open, new NodeTotals[1]);
        isRehearsing = false;
        CompiledAhead.Types(
            typeof(NodeBackpropagation), typeof(SharedForward), typeof(ForwardWork), typeof(BackwardWork), typeof(SubnodeWork), typeof(ExamplesAhead));
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
    /// <param name="next">
    /// The examples that the next call most likely asks for: gathered by threads that have nothing else to do, after the values have been
    /// handed out. May be none.
    /// </param>
    /// <exception cref="ArgumentException">
    /// Nodes and positions do not fit together, or there are too many columns.
    /// </exception>
    public void Train(
        ExampleSet examples, ReadOnlySpan<int> positions, Parameters parameters, IReadOnlyList<ShardNode> nodes,
        int shardCount, int batchSize, IParameterGate gate, INodeValueSink sink, ReadOnlySpan<int> next = default)
    {
        stepNodes.Place(nodes, shardCount, batchSize, sink);
        int columns = positions.Length;
        if (stepNodes.ColumnCount != columns)
            throw new ArgumentException($"{columns} positions for nodes of {stepNodes.ColumnCount} examples.");
        CheckCount(columns);
        CheckCount(next.Length);

        forward.CheckFit(examples);
        forwardRun.Place(ahead.Are(examples, positions) ? null : examples, columns, parameters, gate);
        ahead.Place(examples, next);
        positions.CopyTo(forward.Indices(columns));
        (forwardWork.WithCosts, forwardWork.WithError) = (true, true);
        backwardWork.Parameters = parameters;
        if (!isRehearsing && forwardRun.IsStepShared(columns) && subnodeWork.TryPlace(nodes, sink))
            TrainSubnodes(gate, sink, canGatherNext: next.Length == columns);
        else
            TrainLayers(nodes, sink);
        if (!ahead.AreThere && next.Length > 0)
            GatherAhead();
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
            ahead.Forget();
            forwardRun.Place(null, columns, parameters, IParameterGate.Open);
            forwardRun.Run();
            forward.Activation(model.Shape.LayerCount, range).Values.CopyTo(outputs.Slice(first, columns).Values);
        }
    }

    /// <summary>Each thread takes a descendant of the one node through the pass.</summary>
    private void TrainSubnodes(IParameterGate gate, INodeValueSink sink, bool canGatherNext)
    {
        subnodeWork.WithForward = gate.IsOpen;
        if (!gate.IsOpen)
        {
            forwardRun.Run();
            sink.ForwardReady();
        }

        subnodeWork.Next = canGatherNext ? ahead : null;
        team.Run(subnodeWork);
        if (canGatherNext)
            ahead.Complete();
    }

    /// <summary>All threads take all nodes through a layer, and then the next.</summary>
    private void TrainLayers(IReadOnlyList<ShardNode> nodes, INodeValueSink sink)
    {
        forwardRun.Run();
        sink.ForwardReady();
        for (int layer = model.Shape.LayerCount - 1; layer >= 0; layer--)
        {
            backwardWork.Layer = layer;
            bool isShared = forwardRun.IsShared(layer, stepNodes.ColumnCount);
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
            sink.NodeReady(nodes[n], costs.TotalsOf(stepNodes.ColumnsOf(n), stepNodes.ShardStartsOf(n)));
    }

    private void GatherAhead()
    {
        if (forwardRun.IsGatheringShared(ahead.Count))
            team.Run(ahead);
        else
            ahead.Execute(0, 1);
        ahead.Complete();
    }

    private void CheckCount(int columns)
    {
        if (columns > maximumColumns)
            throw new ArgumentException($"{columns} examples in one call; at most {maximumColumns} fit.");
    }

    private NodeTotals EvaluateNode(ExampleSet examples, ShardNode node, int shardCount, Parameters parameters)
    {
        StepNodes.CheckNode(node, shardCount);
        (int start, int end) = ShardCut.Range(node, shardCount, examples.Count);
        Span<NodeTotals> totals = costs.ShardTotals(node.Count);
        totals.Clear();
        int shard = 0;
        ahead.Forget();
        forward.CheckFit(examples);
        for (int first = start; first < end; first += EvaluationColumns)
        {
            int columns = Math.Min(EvaluationColumns, end - first);
            Span<int> indices = forward.Indices(columns);
            for (int column = 0; column < columns; column++)
                indices[column] = first + column;
            (forwardWork.WithCosts, forwardWork.WithError) = (true, false);
            forwardRun.Place(examples, columns, parameters, IParameterGate.Open);
            forwardRun.Run();
            for (int column = 0; column < columns; column++)
            {
                while (first + column >= ShardCut.Start(node.First + shard + 1, shardCount, examples.Count))
                    shard++;
                totals[shard] += costs.TotalsOf(column);
            }
        }

        return ReductionTree.Total(totals);
    }
}
