using System.Globalization;

namespace Backprop.Core.Optimizers;

/// <summary>η of an epoch, from the run's base rate: by multiplications alone, so the same on every machine.</summary>
public sealed class LearningRateSchedule
{
    /// <summary>The schedule that leaves η as it is.</summary>
    public const string Constant = "constant";

    private readonly int epochsAStage;
    private readonly double factor;

    private LearningRateSchedule(int epochsAStage, double factor)
    {
        this.epochsAStage = epochsAStage;
        this.factor = factor;
    }

    /// <param name="text">"constant", or "step:EPOCHS:FACTOR": times FACTOR after every EPOCHS epochs.</param>
    /// <exception cref="UserErrorException">The text is neither, or a number is out of range.</exception>
    public static LearningRateSchedule Parse(string text)
    {
        if (text == Constant)
            return new LearningRateSchedule(int.MaxValue, 1);
        if (text.Split(':') is ["step", var epochs, var factorText]
            && int.TryParse(epochs, NumberStyles.None, CultureInfo.InvariantCulture, out int epochsAStage)
            && double.TryParse(factorText, NumberStyles.Float, CultureInfo.InvariantCulture, out double factor)
            && epochsAStage > 0 && factor > 0 && double.IsFinite(factor))
        {
            return new LearningRateSchedule(epochsAStage, factor);
        }

        throw new UserErrorException(
            $"--schedule {text} does not fit; try constant, or step:EPOCHS:FACTOR such as step:10:0.5");
    }

    /// <param name="baseRate">η of the first epoch.</param>
    /// <param name="epoch">From 0.</param>
    public double RateAt(double baseRate, int epoch)
    {
        double rate = baseRate;
        for (int stage = epoch / epochsAStage; stage > 0; stage--)
            rate *= factor;
        return rate;
    }
}
