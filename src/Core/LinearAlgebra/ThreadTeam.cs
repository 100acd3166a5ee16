namespace Backprop.Core.LinearAlgebra;

/// <summary>Work that a thread team does together: every thread executes its own part.</summary>
public interface ITeamWork
{
    /// <param name="thread">Which part: 0 … <paramref name="threadCount"/> − 1.</param>
    /// <param name="threadCount">How many parts there are.</param>
    void Execute(int thread, int threadCount);
}
