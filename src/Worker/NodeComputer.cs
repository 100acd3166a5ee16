using Backprop.Core;
using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Core.Training;
using Backprop.Protos;
using Backprop.Worker.Transport;

namespace Backprop.Worker;

/// <summary>Computes assigned nodes: finds their examples by itself, waits for the weights, hands the values out.</summary>
internal sealed class NodeComputer : INodeSource
{
    private readonly Dataset dataset;
    private readonly Welcome run;
    private readonly TrainingPlan plan;
    private readonly Parameters ownParameters;
    private readonly NodeBackpropagation backpropagation;
    private readonly WeightsGate weights;
    private readonly NodeValueSender sender;
    private readonly StepExamples examples;
    private readonly CoordinatorMemory memory;
    private readonly ComputingTime computing = new();
    private readonly StepTrace? trace;
    private Parameters parameters;

    public NodeComputer(RunPlace place, ThreadTeam team)
    {
        memory = place.Memory;
        run = place.Run;
        dataset = place.Dataset;
        plan = run.Plan();
        NetworkModel model = NetworkModel.Create(NetworkShape.Parse(run.Layers), run.Activations, run.Cost);
        parameters = ownParameters = new Parameters(model.Shape);
        backpropagation = new NodeBackpropagation(model, plan.MiniBatch, team);
        weights = new WeightsGate(place.Incoming, run.RunId, computing);
        sender = new NodeValueSender(place, computing.Tell);
        examples = new StepExamples(plan, run.Seed, run.Shuffle);
        trace = run.Trace ? new StepTrace(weights, sender, computing) : null;
    }

    /// <inheritdoc cref="NodeBackpropagation.Prepare"/>
    public void Prepare(CancellationToken ended)
    {
        backpropagation.Prepare(dataset.Training, dataset.Test, plan.Shards, plan.BatchSizeOf(0), (int)run.EvaluationShards);
        StepMessages.Rehearse();
        HandOutNothing();
        CompiledAhead.Types(
            typeof(NodeComputer), typeof(NodeValueSender), typeof(WeightsGate), typeof(ComputingTime), typeof(TrainingPlan), typeof(CoordinatorMemory));
    }

    /// <summary>Computes an assignment's nodes and queues their values.</summary>
    /// <param name="ended">Set when the connection ends.</param>
    public void Compute(Assignment assignment, CancellationToken ended)
    {
        computing.Begin();
        if (assignment.WeightsFollow)
        {
            weights.Expect(assignment.Step, ownParameters);
            parameters = ownParameters;
        }
        else if (assignment.WeightsShared)
        {
            parameters = memory.WeightsIn(assignment.WeightsPlace);
        }

        ShardNode[] nodes = assignment.ShardNodes();
        if (assignment.Kind == WorkKind.Evaluation)
            Evaluate(assignment, nodes);
        else
            Train(assignment, nodes, ended);
    }

    public void Dispose() => sender.Dispose();

    /// <summary>Finds a node and hands out a value of it that nobody gets, so that the code for this is compiled.</summary>
    private void HandOutNothing()
    {
        var assignment = new Assignment { Nodes = { new Node { Count = 1 } }, Slots = { 0 } };
        ShardNode[] nodes = assignment.ShardNodes();
        _ = examples.Of(epoch: 0, step: 0, nodes);

        // Once more: they are found as those that were asked for before.
        _ = examples.Of(epoch: 0, step: 0, nodes);
        using var nobody = new NodeValueSender(new OutgoingFrames(), run.RunId, memory.Slots, doorbell: null, new ComputingTime().Tell);
        nobody.Begin(0, 0, nodes, memory.Slots is null ? [] : assignment.Slots);
        _ = nobody.PlaceOf(nodes[0]);
        nobody.LayerReady(nodes[0], 0, ownParameters.Layers[0]);
        nobody.NodeReady(nodes[0], default);
    }

    private void Train(Assignment assignment, ShardNode[] nodes, CancellationToken ended)
    {
        long step = (long)assignment.Step;
        sender.Begin(assignment.Epoch, assignment.Step, nodes, assignment.Slots);
        trace?.Begin();
        ReadOnlySpan<int> positions = examples.Of((int)assignment.Epoch, step, nodes);
        // The next step most likely asks for the same nodes. An epoch's end brings another order and, before it, an evaluation.
        ReadOnlySpan<int> next = plan.EndsEpoch(step) ? [] : examples.Of((int)assignment.Epoch, step + 1, nodes);
        backpropagation.Train(
            dataset.Training, positions, parameters, nodes, plan.Shards, plan.BatchSizeOf(step),
            trace ?? (IParameterGate)weights, trace ?? (INodeValueSink)sender, next);
        weights.WaitForAll();
        sender.WaitUntilWritten(ended);
    }

    private void Evaluate(Assignment assignment, ShardNode[] nodes)
    {
        var totals = new NodeTotals[nodes.Length];
        backpropagation.Evaluate(dataset.Test, nodes, (int)run.EvaluationShards, parameters, weights, totals);
        weights.WaitForAll();
        for (int i = 0; i < nodes.Length; i++)
            sender.EvaluationReady(assignment.Step, nodes[i], totals[i]);
    }
}
