namespace Backprop.Core.Training;

/// <summary>What an epoch came to.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="Step">Steps committed since the run began.</param>
/// <param name="TrainingLoss">Mean cost of the epoch's examples, each as it was before its own step's update.</param>
/// <param name="TestLoss">Mean cost of the test examples after the epoch.</param>
/// <param name="TestCorrect">Test examples whose largest output is their class.</param>
/// <param name="TestCount">Test examples.</param>
/// <param name="TrainingTime">From the run's first assignment to the epoch's last commit, evaluations left out.</param>
public sealed record EpochResult(
    int Epoch, long Step, double TrainingLoss, double TestLoss, int TestCorrect, int TestCount, TimeSpan TrainingTime)
{
    public double TestAccuracy => TestCount == 0 ? 0 : (double)TestCorrect / TestCount;
}
