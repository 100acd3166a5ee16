using Backprop.Coordinator.Commands;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Sharding;
using Backprop.Core.Training;
using Backprop.Protos.Tensors;
using Backprop.Serving;
using Work = Backprop.Scheduling.Work;

namespace Backprop.Coordinator;

/// <summary>
/// W ← W − (η/m)·∇W, layer by layer: who is sent weights has the first layer's, and begins with it, while the layers after it are still being
/// updated. Who reads them in shared memory is told when all stand there.
/// </summary>
internal sealed class WeightsUpdate
{
    private readonly RunSession session;
    private readonly ModelTeam team;
    private readonly RunConfiguration configuration;
    private readonly IOptimizer optimizer;
    private readonly LearningRateSchedule schedule;
    private readonly RunWeights weights;
    private readonly WeightsPassage passage = new();
    private readonly bool hasLayersToPass;
    private IReadOnlyList<LayerParameters> updated = [];
    private Work begun;
    private RootSum sum;
    private double rate;
    private bool isAhead;

    public WeightsUpdate(RunSetup setup, RunSession session, ModelTeam team, IOptimizer optimizer)
    {
        this.session = session;
        this.team = team;
        this.optimizer = optimizer;
        configuration = setup.Configuration;
        schedule = LearningRateSchedule.Parse(configuration.Schedule);
        State = optimizer.CreateState(configuration.Shape, setup.Start.State);
        weights = new RunWeights(setup.InitialParameters, setup.Start.NextStep, session.Weights, session.Workers.Owes);
        hasLayersToPass = TensorFrames.FirstLayerFillsOne(configuration.Shape);
    }

    /// <summary>The weights after the last step that is complete.</summary>
    public Parameters Current => weights.Current;

    public OptimizerState State { get; }

    /// <summary>Whether layers of a step are still to be updated.</summary>
    public bool IsOpen => passage.IsOpen;

    /// <summary>The sum that a step was updated by ahead; null when it was not.</summary>
    public RootSum? AheadOf(Work work) => isAhead && begun == work ? sum : null;

    /// <summary>
    /// Does what <see cref="Begin"/> does of a step that nothing but this sum's numbers can keep from being committed. Where that does not come to pass,
    /// <see cref="ForgetAhead"/> leaves all as it was.
    /// </summary>
    /// <returns>True: all numbers of the sum are as they should be. False: nothing is known of them.</returns>
    public bool TryAhead(Work work, RootSum gradient)
    {
        // A velocity cannot be forgotten; others wait for the first layer.
        isAhead = (State.Velocity is not null || !MustPass) && TryPrepare(work, gradient) && (State.Velocity is not null || team.TryUpdate(0, updated.Count));
        return isAhead;
    }

    public void ForgetAhead() => isAhead = false;

    /// <summary>Updates all layers, or the first, where others are waiting for it; then <see cref="Complete"/> has to follow.</summary>
    /// <param name="gradient">The mini-batch's sums: to stay as they are until the step is complete.</param>
    /// <returns>Why training cannot go on, or null.</returns>
    public string? Begin(Work work, RootSum gradient)
    {
        bool wasAhead = AheadOf(work) == gradient;
        isAhead = false;
        if (!wasAhead && !TryPrepare(work, gradient))
            return WhyDiverged();
        if (wasAhead && State.Velocity is null)
            return null;
        if (MustPass)
        {
            passage.Begin(work.Step + 1, updated);
            return Pass(0, 1);
        }

        return team.TryUpdate(0, updated.Count) ? null : WhyDiverged();
    }

    /// <summary>Updates what is left, and makes the step's weights the current ones; <see cref="TellWaiting"/> has to follow.</summary>
    /// <returns>Why training cannot go on, or null.</returns>
    public string? Complete()
    {
        if (IsOpen && Pass(1, updated.Count) is { } why)
            return why;
        weights.Advance(begun.Step + 1);
        return null;
    }

    /// <summary>
    /// Gives those that wait for whole weights the nodes that they were assigned meanwhile. After the step's values have gone, whose slots
    /// may be the ones for the next.
    /// </summary>
    public void TellWaiting()
    {
        foreach ((WorkerConnection worker, Work work, IReadOnlyList<ShardNode> nodes) in passage.End())
            worker.Assign(work, nodes, weights);
    }

    /// <summary>Gives a worker nodes with the current weights, or with those of the step that is being updated as they come to exist.</summary>
    public void Assign(WorkerConnection worker, Work work, IReadOnlyList<ShardNode> nodes)
    {
        if (IsOpen)
            passage.Assign(worker, work, nodes);
        else
            worker.Assign(work, nodes, weights);
    }

    private bool MustPass => hasLayersToPass && session.Workers.AnyIsSentWeights();

    /// <summary>Names the step, and looks at its sum first where a velocity is to be advanced.</summary>
    private bool TryPrepare(Work work, RootSum gradient)
    {
        (begun, sum) = (work, gradient);
        rate = schedule.RateAt(configuration.LearningRate, work.Epoch);
        Parameters next = weights.Next();
        updated = next.Layers;
        return team.TryBeginUpdate(
            optimizer, Current, next, sum, Divergence.LimitOf(rate, sum.Totals.ExampleCount), rate, State, weights.IsNextShared);
    }

    /// <summary>Updates layers [first, end), and passes on what fills a message as soon as it is there, the rest at the end.</summary>
    private string? Pass(int first, int end)
    {
        var parts = new List<TensorPart>();
        for (int layer = first; layer < end; layer++)
        {
            if (!team.TryUpdate(layer, layer + 1))
                return WhyDiverged();
            TensorFrames.Append(parts, layer, updated[layer], passage.Pass);
        }

        if (parts.Count > 0)
            passage.Pass(parts);
        return null;
    }

    /// <summary>After a look that found something: whoever takes it away from its value before this one looks is not believed.</summary>
    private string WhyDiverged() => Divergence.Find(begun.Step, sum.Totals, sum.Added(), rate, configuration)
        ?? $"the sums of {begun} changed while they were added; resume goes on from the newest checkpoint";
}
