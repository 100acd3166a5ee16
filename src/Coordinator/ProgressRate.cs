namespace Backprop.Coordinator;

/// <summary>How fast a run goes at the moment, and how long it may still take.</summary>
/// <param name="start">Steps that were committed before, in other sittings.</param>
internal sealed class ProgressRate(long stepCount, long start, TimeProvider time)
{
    /// <summary>Weight of the newest measurement: a few of them make the figure.</summary>
    private const double Newest = 0.3;

    private long firstStep = -1;
    private long examples;
    private long measuredExamples;
    private TimeSpan measuredAt;
    private double perSecond;

    public void Add(int exampleCount)
    {
        if (firstStep < 0)
            firstStep = time.GetTimestamp();
        examples += exampleCount;
    }

    /// <summary>Examples a second of training time, smoothed over the last measurements.</summary>
    public double PerSecond(TimeSpan trainingTime)
    {
        double seconds = (trainingTime - measuredAt).TotalSeconds;
        if (seconds < 0.05 || examples == measuredExamples)
            return perSecond == 0 && trainingTime > TimeSpan.Zero ? examples / trainingTime.TotalSeconds : perSecond;
        double newest = (examples - measuredExamples) / seconds;
        perSecond = perSecond == 0 ? newest : ((1 - Newest) * perSecond) + (Newest * newest);
        measuredExamples = examples;
        measuredAt = trainingTime;
        return perSecond;
    }

    /// <summary>The time that the remaining steps take at the pace so far; null before the first step.</summary>
    public TimeSpan? Remaining(long steps) => steps == start || firstStep < 0
        ? null
        : time.GetElapsedTime(firstStep) * ((double)(stepCount - steps) / (steps - start));
}
