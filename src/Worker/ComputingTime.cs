using System.Diagnostics;

namespace Backprop.Worker;

/// <summary>How long a worker has been at an assignment, without what it waited for weights.</summary>
internal sealed class ComputingTime
{
    private long begin;
    private long waited;

    /// <summary>Microseconds so far; at least 1, since 0 says nothing.</summary>
    public uint Microseconds =>
        (uint)Math.Clamp(Stopwatch.GetElapsedTime(begin + waited).TotalMicroseconds, 1, uint.MaxValue);

    /// <summary>An assignment has come.</summary>
    public void Begin()
    {
        begin = Stopwatch.GetTimestamp();
        waited = 0;
    }

    /// <param name="since">A timestamp: what has passed since then was waiting.</param>
    public void Waited(long since) => waited += Stopwatch.GetTimestamp() - since;
}
