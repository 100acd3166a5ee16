namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>What is still to happen, by its time. The clock stands where the last of it happened.</summary>
internal sealed class Agenda
{
    private readonly PriorityQueue<Action, (double Time, long Number)> ahead = new();
    private long count;

    /// <summary>In seconds; clocks tell the time since the machine started, not since the run did.</summary>
    public double Now { get; private set; } = 3600;

    public TimeSpan Time => TimeSpan.FromSeconds(Now);

    public void After(double seconds, Action action) => ahead.Enqueue(action, (Now + seconds, count++));

    /// <summary>Has the next thing happen.</summary>
    public void Advance()
    {
        ahead.TryDequeue(out Action? action, out (double Time, long Number) at);
        Now = at.Time;
        action!();
    }
}
