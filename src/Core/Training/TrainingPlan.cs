namespace Backprop.Core.Training;

/// <summary>The steps of a run, from numbers alone: which mini-batch of which epoch a step is, and where a run ends.</summary>
/// <param name="TrainingExamples">n: examples of an epoch.</param>
/// <param name="MiniBatch">m: examples a step; the last step of an epoch may have fewer.</param>
/// <param name="Epochs">Passes over the training set.</param>
/// <param name="Shards">S, the shards of a mini-batch.</param>
/// <param name="TestExamples">Examples evaluated after every epoch.</param>
/// <param name="CheckpointEvery">Steps between checkpoints; 0: at the end of epochs, of each whose checkpoint does not take too much of the time.</param>
public sealed record TrainingPlan(
    int TrainingExamples, int MiniBatch, int Epochs, int Shards, int TestExamples, int CheckpointEvery)
{
    public int StepsPerEpoch => (TrainingExamples + MiniBatch - 1) / MiniBatch;

    public long StepCount => (long)StepsPerEpoch * Epochs;

    /// <summary>
    /// The shards of an evaluation: fixed blocks of about 256 test examples, a power of two of them, at most 64.
    /// </summary>
    public int EvaluationShards
    {
        get
        {
            int shards = 1;
            while (shards < 64 && (long)shards * 256 < TestExamples)
                shards *= 2;
            return shards;
        }
    }

    public int EpochOf(long step) => (int)(step / StepsPerEpoch);

    /// <summary>The positions [start, end) of a step's examples in its epoch's order.</summary>
    public (int Start, int End) PositionsOf(long step)
    {
        int start = (int)(step % StepsPerEpoch) * MiniBatch;
        return (start, (int)Math.Min((long)start + MiniBatch, TrainingExamples));
    }

    public int BatchSizeOf(long step)
    {
        (int start, int end) = PositionsOf(step);
        return end - start;
    }

    /// <summary>Examples of all steps before this one, each counted once an epoch.</summary>
    public long ExamplesBefore(long step) => ((long)EpochOf(step) * TrainingExamples) + PositionsOf(step).Start;

    public bool EndsEpoch(long step) => (step + 1) % StepsPerEpoch == 0;

    /// <summary>Whether a checkpoint is due once <paramref name="step"/> is committed.</summary>
    public bool IsCheckpointDue(long step) =>
        CheckpointEvery == 0 ? EndsEpoch(step) : (step + 1) % CheckpointEvery == 0 || step + 1 == StepCount;

    /// <summary>Whether the checkpoint that is due then may be left to a later epoch: nobody asked for it, and three more come.</summary>
    public bool CanCheckpointWait(long step) => CheckpointEvery == 0 && EpochOf(step) < Epochs - 3;
}
