using Backprop.Core.Training;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>What must hold of checkpoints: each is of the steps committed, none comes twice, and none that is due is left out.</summary>
internal sealed class CheckpointLog(TrainingPlan plan)
{
    private long? due;

    /// <summary>Steps of the newest; −1 before the first.</summary>
    public long Newest { get; private set; } = -1;

    public void StepCommitted(long step)
    {
        if (plan.IsCheckpointDue(step))
            due = step + 1;
    }

    public void Save(long nextStep, long committed)
    {
        HistoryException.Require(nextStep == committed, $"a checkpoint says step {nextStep} after {committed} steps");
        HistoryException.Require(nextStep > Newest, $"step {nextStep} is saved after step {Newest}");
        Newest = nextStep;
        due = due == nextStep ? null : due;
    }

    /// <summary>At an epoch's end the evaluation comes first.</summary>
    public void Check(bool isEvaluationAhead) =>
        HistoryException.Require(due is null || isEvaluationAhead, $"no checkpoint of step {due}, where one is due");
}
