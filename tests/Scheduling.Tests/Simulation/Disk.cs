using Backprop.Core.Training;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>A checkpoint: the steps committed, what they came to, and whether an evaluation comes first.</summary>
internal readonly record struct SavedState(long NextStep, ulong State, bool EvaluationPending);

/// <summary>What outlives a coordinator: its checkpoints, the newest three.</summary>
internal sealed class Disk
{
    private const int Kept = 3;

    private readonly List<SavedState> checkpoints = [];

    /// <summary>Where a coordinator that comes up goes on; the beginning, where there is none.</summary>
    public SavedState Newest => checkpoints.Count == 0 ? default : checkpoints[^1];

    public void Write(SavedState saved)
    {
        checkpoints.RemoveAll(other => other.NextStep == saved.NextStep);
        checkpoints.Add(saved);
        checkpoints.Sort((a, b) => a.NextStep.CompareTo(b.NextStep));
        if (checkpoints.Count > Kept)
            checkpoints.RemoveAt(0);
    }

    public void DiscardAfter(long step) => checkpoints.RemoveAll(saved => saved.NextStep > step);

    /// <summary>A step added to what was there before; the order counts.</summary>
    public static ulong Fold(ulong state, long step, ulong wrong) =>
        (System.Numerics.BitOperations.RotateLeft(state, 7) ^ ((ulong)step + 1) ^ (wrong << 32)) * 0x9E3779B97F4A7C15;

    /// <summary>What a run without any fault comes to.</summary>
    public static ulong Faultless(TrainingPlan plan)
    {
        ulong state = 0;
        for (long step = 0; step < plan.StepCount; step++)
            state = Fold(state, step, 0);
        return state;
    }
}
