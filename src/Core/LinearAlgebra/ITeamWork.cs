namespace Backprop.Core.LinearAlgebra;

/// <summary>Work that a thread team does together, cut into as many parts as the team has threads.</summary>
public interface ITeamWork
{
    /// <summary>
    /// Does one part. Every part is executed exactly once for each run of the team, but not always by the same
    /// thread: the caller takes over parts that no other thread has begun. So keep state by part, not by thread.
    /// Part 0 is always the caller's.
    /// </summary>
    /// <param name="thread">Which part: 0 … <paramref name="threadCount"/> − 1.</param>
    /// <param name="threadCount">How many parts there are.</param>
    void Execute(int thread, int threadCount);
}
