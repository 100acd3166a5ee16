using System.Diagnostics;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Tests.Model;

/// <summary>What each thread of a team has allocated since the team did this last.</summary>
internal sealed class AllocatedBytes(int threadCount) : ITeamWork
{
    private static readonly TimeSpan deadline = TimeSpan.FromSeconds(60);

    [ThreadStatic]
    private static long last;

    private readonly long[] since = new long[threadCount];
    private int arrived;

    /// <summary>Of the last time.</summary>
    public IReadOnlyList<long> Since => since;

    public void Execute(int thread, int threads)
    {
        since[thread] = GC.GetAllocatedBytesForCurrentThread() - last;

        // Nobody ends before all have begun: so each part is another thread's. Without a lambda, which would be allocated here.
        int all = ((Interlocked.Increment(ref arrived) - 1) / threads * threads) + threads;
        long begin = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref arrived) < all)
        {
            if (Stopwatch.GetElapsedTime(begin) > deadline)
                throw new TimeoutException($"Of {threads} threads {arrived % threads} came.");
            Thread.Yield();
        }

        last = GC.GetAllocatedBytesForCurrentThread();
    }
}
