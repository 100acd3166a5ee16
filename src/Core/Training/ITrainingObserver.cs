using Backprop.Core.Model;
using Backprop.Core.Optimizers;

namespace Backprop.Core.Training;

/// <summary>Is told what training does, in order, from the training's own thread. It must not keep the arguments' arrays.</summary>
public interface ITrainingObserver
{
    /// <summary>A step's update stands in the weights.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="totals">The mini-batch's examples, correct answers and summed cost before the update.</param>
    void StepCommitted(long step, NodeTotals totals);

    /// <summary>An epoch has ended and was evaluated.</summary>
    void EpochEvaluated(EpochResult result);

    /// <summary>A checkpoint is due: training would go on with <paramref name="nextStep"/>.</summary>
    /// <param name="epochTotals">The totals of the running epoch's committed steps: needed to go on in an epoch.</param>
    /// <param name="canWait">Whether a later one will do, where checkpoints would take too much of the training time.</param>
    void CheckpointDue(long nextStep, Parameters parameters, OptimizerState state, NodeTotals epochTotals, bool canWait);
}
