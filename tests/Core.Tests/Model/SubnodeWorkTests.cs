using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Sharding;

namespace Backprop.Core.Tests.Model;

/// <summary>Steps of one node with so many examples that each thread takes a descendant of it through the whole pass.</summary>
public sealed class SubnodeWorkTests
{
    private const int Shards = 16;

    private static readonly NetworkShape shape = new(19, 17, 9, 4);
    private static readonly NetworkModel model = NetworkModel.Create(shape, "sigmoid,tanh,softmax", "log-likelihood");
    private static readonly Parameters parameters = ParameterInitializers.Create("scaled-gaussian", shape, 2);
    private static readonly ExampleSet examples = RandomExamples.Create(3, 600, 19, 4);

    /// <summary>
    /// Threads take a descendant each where those have 24 examples; the others take each layer together, and are told of the layers when
    /// the team is not at work.
    /// </summary>
    [Theory]
    [InlineData(2, 301, 0, 16, true)]
    [InlineData(2, 301, 8, 8, true)]
    [InlineData(4, 301, 0, 16, true)]
    [InlineData(4, 301, 4, 4, false)]
    [InlineData(8, 301, 0, 16, true)]
    [InlineData(8, 301, 8, 8, false)]
    [InlineData(16, 590, 0, 16, true)]
    [InlineData(16, 590, 8, 8, false)]
    [InlineData(3, 301, 0, 16, false)]
    public void Train_NodeForAllThreads_SameBitsAsOneThread(int threads, int batch, int first, int count, bool descendants)
    {
        var node = new ShardNode(first, count);
        Step expected = Train(1, batch, node, isOpen: true);
        foreach (bool isOpen in new[] { true, false })
        {
            Step given = Train(threads, batch, node, isOpen);

            Assert.True(given.Sum.HasSameBits(expected.Sum));
            Assert.Equal(expected.Events, given.Events);
            Assert.Equal(descendants, given.WasToldWhileAtWork);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Train_FewExamplesOrShardsAThread_SameBitsAsOneThread(int threads)
    {
        // Where a thread would have fewer than pays, or shards are fewer than threads, all of them take each layer together.
        foreach ((int batch, int shards) in new[] { (40, Shards), (2, Shards), (300, 1) })
        {
            var node = new ShardNode(0, shards);
            Assert.True(Train(threads, batch, node, true, shards).Sum.HasSameBits(Train(1, batch, node, true, shards).Sum));
        }
    }

    [Fact]
    public void Train_ASinkThatThrows_TheCallerGetsIt_AndTheNextStepIsWhole()
    {
        using var team = new ThreadTeam(2);
        var computation = new NodeBackpropagation(model, 301, team, 1);
        var node = new ShardNode(0, Shards);
        int[] positions = [.. Enumerable.Range(0, 301)];
        for (int layer = 0; layer < shape.LayerCount; layer++)
        {
            var refusing = new Log(team, isOpen: true) { RefusedLayer = layer };
            Assert.Throws<TimeoutException>(() => computation.Train(
                examples, positions, parameters, [node], Shards, 301, refusing, refusing));
        }

        var log = new Log(team, isOpen: true);
        computation.Train(examples, positions, parameters, [node], Shards, 301, log, log);

        Assert.True(log.Collected(node).HasSameBits(Train(1, 301, node, isOpen: true).Sum));
    }

    private static Step Train(int threads, int batch, ShardNode node, bool isOpen, int shards = Shards)
    {
        using var team = new ThreadTeam(threads);
        (int start, int end) = ShardCut.Range(node, shards, batch);
        int[] positions = [.. Enumerable.Range(start, end - start)];
        var computation = new NodeBackpropagation(model, batch, team, 1);
        var log = new Log(team, isOpen);

        // The second one finds buffers and arrivals as the first one left them.
        for (int run = 0; run < 2; run++)
        {
            log.Events.Clear();
            computation.Train(examples, positions, parameters, [node], shards, batch, log, log);
        }

        return new Step(log.Collected(node), log.Events, log.WasToldWhileAtWork);
    }

    private sealed record Step(GradientSum Sum, List<string> Events, bool WasToldWhileAtWork);

    private sealed class Log(ThreadTeam team, bool isOpen) : IParameterGate, INodeValueSink, ITeamWork
    {
        private readonly NodeValueCollector collector = new(shape);

        public List<string> Events { get; } = [];

        public bool WasToldWhileAtWork { get; private set; }

        public int RefusedLayer { get; init; } = -1;

        public bool IsOpen => isOpen;

        public GradientSum Collected(ShardNode node) => collector.Values[node];

        public void WaitForLayer(int layer)
        {
            // Weights are there.
        }

        public void ForwardReady() => Events.Add("forward");

        public void LayerReady(ShardNode node, int layer, LayerParameters sum)
        {
            if (layer == RefusedLayer)
                throw new TimeoutException("Nobody takes it.");
            WasToldWhileAtWork = IsAtWork();
            collector.LayerReady(node, layer, sum);
            Events.Add($"{node} {layer}");
        }

        public void NodeReady(ShardNode node, NodeTotals totals)
        {
            collector.NodeReady(node, totals);
            Events.Add($"{node} {totals.ExampleCount} examples, {totals.Cost}");
        }

        public void Execute(int thread, int threadCount)
        {
            // It is only asked whether the team would do it.
        }

        private bool IsAtWork()
        {
            try
            {
                team.Run(this);
                return false;
            }
            catch (InvalidOperationException)
            {
                return true;
            }
        }
    }
}
