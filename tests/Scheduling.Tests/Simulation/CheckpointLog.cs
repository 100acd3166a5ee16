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

    public void Save(SchedulerCommand.SaveCheckpoint save, long committed)
    {
        HistoryException.Require(save.NextStep == committed, $"a checkpoint says step {save.NextStep} after {committed} steps");
        HistoryException.Require(save.NextStep > Newest, $"step {save.NextStep} is saved after step {Newest}");
        HistoryException.Require(
            !save.CanWait || (plan.CanCheckpointWait(committed - 1) && plan.EndsEpoch(committed - 1)),
            $"the checkpoint of step {committed} may wait, and nothing later will do");
        if (!save.CanWait)
            Newest = save.NextStep;
        due = due == save.NextStep ? null : due;
    }

    /// <summary>At an epoch's end the evaluation comes first.</summary>
    public void Check(bool isEvaluationAhead) =>
        HistoryException.Require(due is null || isEvaluationAhead, $"no checkpoint of step {due}, where one is due");
}
