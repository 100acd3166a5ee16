using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using CsCheck;

namespace Backprop.Core.Tests.Model;

public sealed class NodeBackpropagationTests
{
    private static readonly NetworkShape shape = new(19, 17, 9, 4);
    private static readonly NetworkModel model = NetworkModel.Create(shape, "sigmoid,tanh,softmax", "log-likelihood");
    private static readonly Parameters parameters = ParameterInitializers.Create("scaled-gaussian", shape, 2);
    private static readonly ExampleSet examples = RandomExamples.Create(3, 600, 19, 4);

    [Fact]
    public void Train_RootSplitIntoAnyNodes_SameBitsAsTheRootAtOnce() =>
        (from shardBits in Gen.Int[0, 5]
         from batch in Gen.Int[1, 90]
         from seed in Gen.ULong
         select (1 << shardBits, batch, seed)).Sample(
            (shards, batch, seed) =>
            {
                var random = new RandomSource(seed, 1);
                int[] positions = [.. Enumerable.Range(0, batch).Select(_ => random.NextInt(examples.Count))];
                var root = new ShardNode(0, shards);
                GradientSum expected = Values(positions, [[root]], shards, 1)[root];

                // Any cut of the root, dealt to any number of calls in any order.
                var cut = new List<ShardNode>();
                Cut(root, cut, random);
                var calls = new List<ShardNode>[] { [], [], [] };
                foreach (ShardNode node in cut.OrderBy(_ => random.NextUInt64()))
                    calls[random.NextInt(3)].Add(node);
                GradientSum given = AlongTheTree(
                    root, Values(positions, calls, shards, 1), shards, batch)!;

                SumAssert.SameBits(expected, given);
            },
            iter: 60);

    [Theory]
    [InlineData(301)]
    [InlineData(9)]
    [InlineData(1)]
    public void Train_OneTwoThreeOrSevenThreads_SameBits(int examplesAtOnce)
    {
        ShardNode[] nodes = [new(0, 8), new(8, 4), new(12, 4)];
        int[] positions = [.. Enumerable.Range(100, examplesAtOnce)];
        IReadOnlyDictionary<ShardNode, GradientSum> expected = Values(positions, [nodes], 16, 1);
        foreach (int threads in new[] { 2, 3, 7 })
        {
            IReadOnlyDictionary<ShardNode, GradientSum> given = Values(positions, [nodes], 16, threads);
            foreach (ShardNode node in nodes)
                SumAssert.SameBits(expected[node], given[node]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Train_ThreeThreads_GateAskedForEachLayerInOrderByTheCaller(bool isOpen)
    {
        var log = new OrderLog { IsOpen = isOpen };
        int[] positions = [.. Enumerable.Range(0, 80)];
        var root = new ShardNode(0, 16);
        GradientSum given = Values(positions, [[root]], 16, 3, log)[root];

        Assert.Equal(["wait 0", "wait 1", "wait 2"], log.Events);
        Assert.Equal([Environment.CurrentManagedThreadId], log.AskingThreads);
        SumAssert.SameBits(Values(positions, [[root]], 16, 1)[root], given);
    }

    [Fact]
    public void Train_ThreeThreads_LayerNotCarriedForwardBeforeItsWeightsAreThere()
    {
        var late = new LateWeights();
        int[] positions = [.. Enumerable.Range(0, 80)];
        var root = new ShardNode(0, 16);
        using var team = new ThreadTeam(3);
        var collector = new NodeValueCollector(shape);
        new NodeBackpropagation(model, positions.Length, team, 1).Train(
            examples, positions, late.Parameters, [root], 16, positions.Length, late, collector);

        SumAssert.SameBits(Values(positions, [[root]], 16, 1)[root], collector.Values[root]);
    }

    [Fact]
    public void Train_UsedAgainAfterALargerStep_SameBits()
    {
        using var team = new ThreadTeam(1);
        var computation = new NodeBackpropagation(model, 50, team);
        var root = new ShardNode(0, 4);
        var collector = new NodeValueCollector(shape);
        computation.Train(
            examples, [.. Enumerable.Range(0, 50)], parameters, [root], 4, 50, IParameterGate.Open, collector);
        computation.Train(examples, [7, 8, 9], parameters, [root], 4, 3, IParameterGate.Open, collector);

        SumAssert.SameBits(Values([7, 8, 9], [[root]], 4, 1)[root], collector.Values[root]);
    }

    [Fact]
    public void Train_EmptyNode_GivesZeros()
    {
        // 3 examples over 8 shards: shards 0, 1, 3, 4 and 6 are empty; [0,2) is an empty node.
        GradientSum value = Values([1, 2, 3], [[new ShardNode(0, 2)]], 8, 1)[new ShardNode(0, 2)];

        Assert.Equal(default, value.Totals);
        Assert.All(value.Layers, layer => Assert.All(layer.Numbers.ToArray(), number => Assert.Equal(0f, number)));
    }

    [Fact]
    public void Train_AnyNodes_LayersFromTheLastThenTheTotals()
    {
        var log = new OrderLog();
        using var team = new ThreadTeam(1);
        new NodeBackpropagation(model, 8, team).Train(
            examples, [0, 1, 2, 3, 4, 5, 6, 7], parameters, [new ShardNode(0, 1), new ShardNode(1, 1)], 2, 8, log, log);

        Assert.Equal(
            [
                "wait 0", "wait 1", "wait 2",
                "[0,1) 2", "[1,2) 2", "[0,1) 1", "[1,2) 1", "[0,1) 0", "[1,2) 0",
                "[0,1) 4 examples", "[1,2) 4 examples",
            ],
            log.Events);
    }

    [Fact]
    public void Train_PositionsThatDoNotFit_Refused()
    {
        using var team = new ThreadTeam(1);
        var computation = new NodeBackpropagation(model, 4, team);
        var collector = new NodeValueCollector(shape);

        Assert.Equal("3 positions for nodes of 4 examples.", Refusal([1, 2, 3], new ShardNode(0, 1), 1, 4));
        Assert.Equal("5 examples in one call; at most 4 fit.", Refusal([1, 2, 3, 4, 5], new ShardNode(0, 1), 1, 5));
        Assert.Equal(
            "[1,3) is not a node of the tree over 4 shards.", Refusal([1, 2], new ShardNode(1, 2), 4, 4));

        string Refusal(int[] positions, ShardNode node, int shards, int batch) =>
            Assert.Throws<ArgumentException>(() => computation.Train(
                examples, positions, parameters, [node], shards, batch, IParameterGate.Open, collector)).Message;
    }

    [Fact]
    public void Evaluate_AnyCutAndChunks_SameTotalsAsTheRoot()
    {
        using var team = new ThreadTeam(1);
        using var threeThreads = new ThreadTeam(3);
        NodeTotals expected = Evaluate(new NodeBackpropagation(model, 600, team), [new ShardNode(0, 8)]);
        NodeTotals[] parts = new NodeTotals[3];
        new NodeBackpropagation(model, 1, threeThreads, 1).Evaluate(
            examples, [new ShardNode(0, 4), new ShardNode(4, 2), new ShardNode(6, 2)], 8, parameters,
            IParameterGate.Open, parts);

        Assert.Equal(600, expected.ExampleCount);
        Assert.Equal(expected, parts[0] + (parts[1] + parts[2]));
    }

    [Fact]
    public void Evaluate_WholeSet_TotalsOfTraining()
    {
        using var team = new ThreadTeam(1);
        var root = new ShardNode(0, 4);
        NodeTotals trained = Values([.. Enumerable.Range(0, 600)], [[root]], 4, 1)[root].Totals;
        NodeTotals[] evaluated = new NodeTotals[1];
        new NodeBackpropagation(model, 16, team).Evaluate(
            examples, [root], 4, parameters, IParameterGate.Open, evaluated);

        Assert.Equal(trained, evaluated[0]);
    }

    [Fact]
    public void Predict_ManyColumns_OutputsWhoseAnswersAreCounted()
    {
        using var team = new ThreadTeam(2);
        float[] inputs = new float[19 * 600];
        float[] outputs = new float[4 * 600];
        examples.CopyInputs([.. Enumerable.Range(0, 600)], new ColumnBlock(inputs, 0, 19, 600));
        var computation = new NodeBackpropagation(model, 16, team);
        computation.Predict(new ColumnBlock(inputs, 0, 19, 600), parameters, new ColumnBlock(outputs, 0, 4, 600));
        int correct = Enumerable.Range(0, 600).Count(
            example => Answer.Of(outputs.AsSpan(example * 4, 4)) == examples.LabelOf(example));

        Assert.Equal(Evaluate(computation, [new ShardNode(0, 8)]).CorrectCount, correct);
    }

    /// <summary>By none of the threads: with one, with two that take a half of the node each, with three that share each sum; the next step's examples gathered too.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Train_AfterWarmUp_AllocatesNothing(int threads)
    {
        using var team = new ThreadTeam(threads);
        var computation = new NodeBackpropagation(model, 80, team, 1);
        ShardNode[] nodes = [new(0, 8)];
        int[] positions = [.. Enumerable.Range(0, 80)];
        var sink = new OrderLog { IsSilent = true };
        var allocated = new AllocatedBytes(threads);
        for (int run = 0; run < 5; run++)
        {
            computation.Train(examples, positions, parameters, nodes, 8, 80, sink, sink, next: positions);
            team.Run(allocated);
        }

        Assert.All(allocated.Since, bytes => Assert.Equal(0, bytes));
    }

    private static NodeTotals Evaluate(NodeBackpropagation computation, ShardNode[] nodes)
    {
        NodeTotals[] totals = new NodeTotals[nodes.Length];
        computation.Evaluate(examples, nodes, 8, parameters, IParameterGate.Open, totals);
        return totals[0];
    }

    private static IReadOnlyDictionary<ShardNode, GradientSum> Values(
        int[] positions, IEnumerable<IReadOnlyList<ShardNode>> calls, int shards, int threads,
        IParameterGate? gate = null)
    {
        using var team = new ThreadTeam(threads);

        // Shares even the smallest work among the threads.
        var computation = new NodeBackpropagation(model, positions.Length, team, 1);
        var collector = new NodeValueCollector(shape);
        foreach (IReadOnlyList<ShardNode> nodes in calls)
        {
            var columns = new List<int>();
            foreach (ShardNode node in nodes)
            {
                (int start, int end) = ShardCut.Range(node, shards, positions.Length);
                columns.AddRange(positions[start..end]);
            }

            computation.Train(
                examples, columns.ToArray(), parameters, nodes, shards, positions.Length, gate ?? IParameterGate.Open,
                collector);
        }

        return collector.Values;
    }

    private static void Cut(ShardNode node, List<ShardNode> cut, RandomSource random)
    {
        if (node.IsLeaf || random.NextInt(3) == 0)
        {
            cut.Add(node);
            return;
        }

        Cut(node.Left, cut, random);
        Cut(node.Right, cut, random);
    }

    private static GradientSum? AlongTheTree(
        ShardNode node, IReadOnlyDictionary<ShardNode, GradientSum> values, int shards, int batch)
    {
        if (values.TryGetValue(node, out GradientSum? value))
            return ReductionTree.IsEmpty(node, shards, batch) ? null : value;
        if (node.IsLeaf)
            return null;
        GradientSum? left = AlongTheTree(node.Left, values, shards, batch);
        GradientSum? right = AlongTheTree(node.Right, values, shards, batch);
        if (left is null || right is null)
            return left ?? right;
        ReductionTree.Add(left, right);
        return left;
    }

    /// <summary>A layer's weights come when they are asked for; until then nothing good stands in their place.</summary>
    private sealed class LateWeights : IParameterGate
    {
        public LateWeights()
        {
            foreach (LayerParameters layer in Parameters.Layers)
                layer.Numbers.Span.Fill(float.NaN);
        }

        public Parameters Parameters { get; } = new(shape);

        public void WaitForLayer(int layer) => parameters.Layers[layer].CopyTo(Parameters.Layers[layer]);
    }

    private sealed class OrderLog : IParameterGate, INodeValueSink
    {
        public List<string> Events { get; } = [];

        public HashSet<int> AskingThreads { get; } = [];

        public bool IsOpen { get; init; }

        public bool IsSilent { get; init; }

        public void WaitForLayer(int layer)
        {
            if (IsSilent)
                return;
            Events.Add($"wait {layer}");
            AskingThreads.Add(Environment.CurrentManagedThreadId);
        }

        public void LayerReady(ShardNode node, int layer, LayerParameters sum)
        {
            if (!IsSilent)
                Events.Add($"{node} {layer}");
        }

        public void NodeReady(ShardNode node, NodeTotals totals)
        {
            if (!IsSilent)
                Events.Add($"{node} {totals.ExampleCount} examples");
        }
    }
}
