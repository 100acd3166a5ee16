using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Training;

namespace Backprop.Core.Tests.Training;

/// <summary>Keeps copies of what a trainer tells.</summary>
internal sealed class TrainingRecord : ITrainingObserver
{
    public List<NodeTotals> Steps { get; } = [];

    public List<EpochResult> Epochs { get; } = [];

    public List<TrainingStart> Checkpoints { get; } = [];

    /// <summary>Called at every step, after it was noted.</summary>
    public Action<long> OnStep { get; init; } = _ => { };

    public void StepCommitted(long step, NodeTotals totals)
    {
        Steps.Add(totals);
        OnStep(step);
    }

    public void EpochEvaluated(EpochResult result) => Epochs.Add(result);

    public void CheckpointDue(long nextStep, Parameters parameters, OptimizerState state, NodeTotals epochTotals)
    {
        Parameters? velocity = state.Velocity is null ? null : Copy(state.Velocity);
        Checkpoints.Add(new TrainingStart(Copy(parameters), nextStep, new OptimizerState(velocity), epochTotals));
    }

    private static Parameters Copy(Parameters parameters)
    {
        var copy = new Parameters(parameters.Shape);
        parameters.CopyTo(copy);
        return copy;
    }
}
