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

    public void CheckpointDue(long nextStep, Parameters parameters, OptimizerState state, NodeTotals epochTotals, bool canWait)
    {
        var copied = new OptimizerState(state.Velocity?.Copy());
        Checkpoints.Add(new TrainingStart(parameters.Copy(), nextStep, copied, epochTotals));
    }
}
