using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>
/// Has a thread team do element-by-element work, each thread its own columns: examples do not touch each other.
/// </summary>
/// <param name="worthSharing">Work on fewer elements stays on the calling thread.</param>
internal sealed class ColumnTeam(ThreadTeam team, int worthSharing)
{
    /// <summary>About what one thread does in the time that it takes to wake another.</summary>
    public const int WorthSharing = 16384;

    public void Run(ColumnWork work, int rows, int columns)
    {
        work.Columns = columns;
        if (team.ThreadCount == 1 || (long)rows * columns < worthSharing)
            work.Process(0, columns);
        else
            team.Run(work);
    }
}

/// <summary>
/// Work whose parts are columns. One object is used again and again, so that a step allocates nothing.
/// </summary>
internal abstract class ColumnWork : ITeamWork
{
    public int Columns { get; set; }

    public void Execute(int thread, int threadCount)
    {
        int first = (int)((long)Columns * thread / threadCount);
        int end = (int)((long)Columns * (thread + 1) / threadCount);
        if (first < end)
            Process(first, end - first);
    }

    /// <summary>Does columns [first, first + count).</summary>
    public abstract void Process(int first, int count);
}
