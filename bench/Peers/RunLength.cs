namespace Backprop.Peers;

/// <summary>How long each run is at least.</summary>
internal readonly record struct RunLength(int Epochs, int Steps)
{
    /// <summary>Passes over the data that are enough for both.</summary>
    public int EpochsOf(Contest contest)
    {
        int stepsOfOne = contest.StepsOf(epochs: 1);
        return Math.Max(Epochs, (int)((Steps + stepsOfOne - 1L) / stepsOfOne));
    }

    /// <summary>Steps of so many passes.</summary>
    public int StepsOf(Contest contest) => contest.StepsOf(EpochsOf(contest));

    public override string ToString() => FormattableString.Invariant($"at least {Epochs} epochs and {Steps} steps");
}
