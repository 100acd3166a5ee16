namespace Backprop.Scheduling;

/// <summary>How long workers took lately, and so when one is late.</summary>
internal sealed class Pace
{
    private const int Window = 64;

    /// <summary>Before so many are known nobody is late: first steps are slow everywhere.</summary>
    private const int Least = 8;

    private readonly double[] recent = new double[Window];
    private int count;

    /// <param name="load">Examples a thread.</param>
    public void Add(TimeSpan time, double load)
    {
        if (load > 0)
            recent[count++ % Window] = time.TotalSeconds / load;
    }

    /// <summary>Twice the median and four times the median deviation from it: outliers have no say in either.</summary>
    /// <returns>Null while too little is known.</returns>
    public TimeSpan? Deadline(double load)
    {
        if (count < Least)
            return null;
        double[] times = recent[..Math.Min(count, Window)];
        double median = Median(times);
        for (int i = 0; i < times.Length; i++)
            times[i] = Math.Abs(times[i] - median);
        return TimeSpan.FromSeconds(load * ((2 * median) + (4 * Median(times))));
    }

    private static double Median(double[] times)
    {
        Array.Sort(times);
        return times[times.Length / 2];
    }
}
