using System.Diagnostics;

namespace Backprop.Kernels;

/// <summary>Short bursts of work, which two sides take by turns, so that whatever else the machine does hits both.</summary>
internal static class Bursts
{
    /// <summary>How often the work fits into a burst, at least once; compiles it first.</summary>
    public static int Repetitions(Action work, double burstSeconds)
    {
        work();
        long begin = Stopwatch.GetTimestamp();
        int done = 0;
        while (Stopwatch.GetElapsedTime(begin).TotalSeconds < burstSeconds)
        {
            work();
            done++;
        }

        return Math.Max(1, done);
    }

    public static double Seconds(Action work, int repetitions)
    {
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < repetitions; i++)
            work();
        return Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }
}
