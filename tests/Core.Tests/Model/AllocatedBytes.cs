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
    private readonly Thread[] threads = new Thread[threadCount];
    private int arrived;

    /// <summary>Of the last time.</summary>
    public IReadOnlyList<long> Since => since;

    /// <summary>Who did each part the last time.</summary>
    public IReadOnlyList<Thread> Threads => threads;

    public void Execute(int thread, int threadCount)
    {
        threads[thread] = Thread.CurrentThread;
        since[thread] = GC.GetAllocatedBytesForCurrentThread() - last;

        // Nobody ends before all have begun: so each part is another thread's. Without a lambda, which would be allocated here.
        int all = ((Interlocked.Increment(ref arrived) - 1) / threadCount * threadCount) + threadCount;
        long begin = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref arrived) < all)
        {
            if (Stopwatch.GetElapsedTime(begin) > deadline)
                throw new TimeoutException($"Of {threadCount} threads {arrived % threadCount} came.");
            Thread.Yield();
        }

        last = GC.GetAllocatedBytesForCurrentThread();
    }
}
