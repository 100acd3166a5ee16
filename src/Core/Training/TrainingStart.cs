using Backprop.Core.Model;
using Backprop.Core.Optimizers;

namespace Backprop.Core.Training;

/// <summary>Where training begins: a checkpoint's content, or initial weights.</summary>
/// <param name="Parameters">The weights before <paramref name="NextStep"/>; they are copied.</param>
/// <param name="NextStep">The first step to take, from 0.</param>
/// <param name="State">The optimizer's state before that step; null: a fresh one.</param>
/// <param name="EpochTotals">
/// The totals of the steps before <paramref name="NextStep"/> in its epoch; at an epoch's end those of the whole epoch
/// where it is yet to be evaluated, and none where it was.
/// </param>
public sealed record TrainingStart(
    Parameters Parameters, long NextStep = 0, OptimizerState? State = null, NodeTotals EpochTotals = default)
{
    /// <summary>Whether the epoch before <see cref="NextStep"/> has had all its steps and no evaluation.</summary>
    public bool IsEvaluationPending(TrainingPlan plan) =>
        NextStep > 0 && plan.EndsEpoch(NextStep - 1) && EpochTotals.ExampleCount > 0;

    /// <summary>Whether nothing is left to do.</summary>
    public bool IsComplete(TrainingPlan plan) => NextStep == plan.StepCount && !IsEvaluationPending(plan);

    /// <summary>The first epoch that is evaluated from here on.</summary>
    public int FirstEpoch(TrainingPlan plan) => plan.EpochOf(NextStep) - (IsEvaluationPending(plan) ? 1 : 0);
}
