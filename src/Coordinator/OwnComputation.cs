using Backprop.Coordinator.Commands;
using Backprop.Scheduling;
using Backprop.Serving;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Core.Training;

namespace Backprop.Coordinator;

/// <summary>
/// Computes a node in the coordinator's own process, as a worker would: who decides between workers must not be one of them.
/// What it needs is made at the first use, which most runs never come to.
/// </summary>
internal sealed class OwnComputation(RunSetup setup, GradientPool pool) : IDisposable
{
    private const string Name = "coordinator";

    private Parts? parts;

    /// <param name="weights">Those of the work.</param>
    public NodeValue Compute(Work work, ShardNode node, Parameters weights)
    {
        parts ??= new Parts(setup);
        return work.Kind == WorkKind.Training ? Train(parts, work, node, weights) : Evaluate(parts, work, node, weights);
    }

    /// <summary>Gives a value back that is not kept.</summary>
    public void Return(NodeValue value)
    {
        if (value.Sum is { } sum)
            pool.Return(sum);
    }

    public void Dispose() => parts?.Team.Dispose();

    private NodeValue Train(Parts own, Work work, ShardNode node, Parameters weights)
    {
        var sink = new SumSink(pool.Rent());
        own.Backpropagation.Train(
            setup.Dataset.Training, own.Examples.Of(work.Epoch, work.Step, [node]), weights, [node], work.Shards, work.BatchSize,
            IParameterGate.Open, sink);
        return new NodeValue(null, Name, sink.Sum, sink.Sum.Totals);
    }

    private NodeValue Evaluate(Parts own, Work work, ShardNode node, Parameters weights)
    {
        var totals = new NodeTotals[1];
        own.Backpropagation.Evaluate(setup.Dataset.Test, [node], work.Shards, weights, IParameterGate.Open, totals);
        return new NodeValue(null, Name, null, totals[0]);
    }

    private sealed class Parts
    {
        public Parts(RunSetup setup)
        {
            Team = new ThreadTeam(1);
            Backpropagation = new NodeBackpropagation(setup.Model, setup.Plan.MiniBatch, Team);
            Examples = new StepExamples(setup.Plan, setup.Configuration.Seed, setup.Configuration.Shuffle);
        }

        public ThreadTeam Team { get; }

        public NodeBackpropagation Backpropagation { get; }

        public StepExamples Examples { get; }
    }

    private sealed class SumSink(GradientSum sum) : INodeValueSink
    {
        public GradientSum Sum => sum;

        public void LayerReady(ShardNode node, int layer, LayerParameters value) => value.CopyTo(sum.Layers[layer]);

        public void NodeReady(ShardNode node, NodeTotals totals) => sum.Totals = totals;
    }
}
