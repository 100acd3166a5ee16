using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Sharding;

namespace Backprop.Core.Training;

/// <summary>
/// Trains in one process, each mini-batch as the tree's root at once: the reference for every cluster run.
/// </summary>
public sealed class LocalTrainer : IDisposable
{
    // A larger model's first step takes longer than what it compiles.
    private const long RehearsedAtMost = 1 << 20;

    private readonly Dataset dataset;
    private readonly RunConfiguration configuration;
    private readonly NetworkModel model;
    private readonly TimeProvider time;
    private readonly ThreadTeam team;
    private readonly ModelTeam modelTeam;
    private readonly IOptimizer optimizer;
    private readonly LearningRateSchedule schedule;
    private readonly NodeBackpropagation backpropagation;
    private readonly RootSink root = new();
    private readonly ShardNode[] rootNode;

    /// <param name="threads">At least 1; the result does not depend on it.</param>
    /// <param name="time">For the time that training took; null: the system's.</param>
    /// <exception cref="UserErrorException">The configuration's optimizer or schedule is not possible.</exception>
    public LocalTrainer(
        Dataset dataset, RunConfiguration configuration, NetworkModel model, int threads, TimeProvider? time = null)
    {
        this.dataset = dataset;
        this.configuration = configuration;
        this.model = model;
        this.time = time ?? TimeProvider.System;
        optimizer = OptimizerCatalog.Create(configuration);
        schedule = LearningRateSchedule.Parse(configuration.Schedule);
        rootNode = [new ShardNode(0, configuration.Shards)];
        team = new ThreadTeam(threads);
        modelTeam = new ModelTeam(team, model.Shape);
        int columns = Math.Min(configuration.MiniBatch, dataset.Training.Count);
        backpropagation = new NodeBackpropagation(model, columns, team);
        TrainingPlan plan = configuration.Plan(dataset.Training.Count, dataset.Test.Count, checkpointEvery: 0);
        backpropagation.Prepare(dataset.Training, dataset.Test, plan.Shards, columns, plan.EvaluationShards);
        if (model.Shape.ParameterCount <= RehearsedAtMost)
            Rehearse(columns);
    }

    /// <summary>Trains from these weights to the end of the plan.</summary>
    /// <inheritdoc cref="Run(TrainingStart, TrainingPlan, ITrainingObserver, CancellationToken)"/>
    public Parameters Run(
        Parameters initial, TrainingPlan plan, ITrainingObserver observer, CancellationToken cancellation) =>
        Run(new TrainingStart(initial), plan, observer, cancellation);

    /// <summary>Trains from here to the end of the plan, to the same bits as without the stop before.</summary>
    /// <returns>The final weights.</returns>
    /// <remarks>After an epoch's last step the evaluation comes first, then the checkpoint.</remarks>
    /// <exception cref="OperationCanceledException">Cancelled between two steps, after a checkpoint.</exception>
    /// <exception cref="UserErrorException">Training diverged.</exception>
    public Parameters Run(
        TrainingStart start, TrainingPlan plan, ITrainingObserver observer, CancellationToken cancellation)
    {
        Parameters parameters = start.Parameters.Copy();
        var updated = new Parameters(model.Shape);
        OptimizerState state = optimizer.CreateState(model.Shape, start.State);
        NodeTotals epochTotals = start.EpochTotals;
        int[] order = new int[dataset.Training.Count];
        int orderedEpoch = -1;
        double rate = 0;
        TimeSpan trainingTime = TimeSpan.Zero;
        if (start.IsEvaluationPending(plan))
        {
            EndEpoch(start.NextStep - 1);
            SaveWhenDue(start.NextStep - 1);
        }

        long began = time.GetTimestamp();
        for (long step = start.NextStep; step < plan.StepCount; step++)
        {
            if (cancellation.IsCancellationRequested)
            {
                Require(Divergence.Find(step - 1, parameters, configuration));
                observer.CheckpointDue(step, parameters, state, epochTotals, canWait: false);
                throw new OperationCanceledException($"Training was interrupted before step {step}.", cancellation);
            }

            int epoch = plan.EpochOf(step);
            if (epoch != orderedEpoch)
            {
                EpochOrder.Fill(configuration.Seed, epoch, configuration.Shuffle, order);
                orderedEpoch = epoch;
                rate = schedule.RateAt(configuration.LearningRate, epoch);
            }

            (int first, int end) = plan.PositionsOf(step);
            NodeTotals totals = Backpropagate(order.AsSpan(first, end - first), parameters);
            // The next step's first are on their way while this one updates.
            dataset.Training.Prefetch(order.AsSpan(end));
            var sum = new RootSum(root.Layers, null, totals);
            if (!modelTeam.TryUpdate(optimizer, parameters, updated, sum, Divergence.LimitOf(rate, totals.ExampleCount), rate, state))
            {
                // The weights before the step may still be good.
                if (parameters.AreFinite())
                    observer.CheckpointDue(step, parameters, state, epochTotals, canWait: false);
                throw new UserErrorException(Divergence.Find(step, totals, root.Layers, rate, configuration)!);
            }

            (parameters, updated) = (updated, parameters);
            epochTotals += totals;
            observer.StepCommitted(step, totals);

            if (plan.EndsEpoch(step))
            {
                trainingTime += time.GetElapsedTime(began);
                EndEpoch(step);
                began = time.GetTimestamp();
            }

            SaveWhenDue(step);
        }

        return parameters;

        void EndEpoch(long step)
        {
            Require(Divergence.Find(step, parameters, configuration));
            observer.EpochEvaluated(Evaluate(plan.EpochOf(step), step + 1, plan, parameters, epochTotals, trainingTime));
            epochTotals = default;
        }

        void SaveWhenDue(long step)
        {
            if (!plan.IsCheckpointDue(step))
                return;
            Require(Divergence.Find(step, parameters, configuration));
            observer.CheckpointDue(step + 1, parameters, state, epochTotals, plan.CanCheckpointWait(step));
        }
    }

    public void Dispose() => team.Dispose();

    /// <summary>Goes through a step on weights of nobody's, so that its code is compiled before the first one.</summary>
    private void Rehearse(int exampleCount)
    {
        int[] order = new int[dataset.Training.Count];
        EpochOrder.Fill(configuration.Seed, 0, configuration.Shuffle, order);
        var zeros = new Parameters(model.Shape);
        NodeTotals totals = Backpropagate(order.AsSpan(0, exampleCount), zeros);
        dataset.Training.Prefetch(order);
        modelTeam.TryUpdate(
            optimizer, zeros, new Parameters(model.Shape), new RootSum(root.Layers, null, totals), Divergence.LimitOf(1, 1), 0,
            optimizer.CreateState(model.Shape));
        CompiledAhead.Types(typeof(LocalTrainer), typeof(TrainingPlan), typeof(Parameters), typeof(LayerParameters), typeof(Divergence));
    }

    /// <summary>The mini-batch's sums, in <see cref="root"/>.</summary>
    private NodeTotals Backpropagate(ReadOnlySpan<int> examples, Parameters parameters)
    {
        root.Clear(model.Shape.LayerCount);
        backpropagation.Train(
            dataset.Training, examples, parameters, rootNode, configuration.Shards, examples.Length,
            IParameterGate.Open, root);
        return root.Totals;
    }

    private EpochResult Evaluate(
        int epoch, long stepsCommitted, TrainingPlan plan, Parameters parameters, NodeTotals epochTotals,
        TimeSpan trainingTime)
    {
        int shards = plan.EvaluationShards;
        Span<NodeTotals> totals = stackalloc NodeTotals[1];
        backpropagation.Evaluate(
            dataset.Test, [new ShardNode(0, shards)], shards, parameters, IParameterGate.Open, totals);
        NodeTotals test = totals[0];
        return new EpochResult(
            epoch, stepsCommitted, epochTotals.Cost / epochTotals.ExampleCount, test.Cost / test.ExampleCount,
            test.CorrectCount, test.ExampleCount, trainingTime);
    }

    private static void Require(string? divergence)
    {
        if (divergence is not null)
            throw new UserErrorException(divergence);
    }

    /// <summary>Keeps the root's layers until all are there: BP2 still needs the old weights.</summary>
    private sealed class RootSink : INodeValueSink
    {
        public LayerParameters[] Layers { get; private set; } = [];

        public NodeTotals Totals { get; private set; }

        public void Clear(int layerCount)
        {
            if (Layers.Length != layerCount)
                Layers = new LayerParameters[layerCount];
        }

        public void LayerReady(ShardNode node, int layer, LayerParameters sum) => Layers[layer] = sum;

        public void NodeReady(ShardNode node, NodeTotals totals) => Totals = totals;
    }
}
