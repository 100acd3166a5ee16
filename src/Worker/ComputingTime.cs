using System.Diagnostics;
using Backprop.Protos;

namespace Backprop.Worker;

/// <summary>How long a worker has been at an assignment, without what it waited for weights, and at what where a trace is asked for.</summary>
internal sealed class ComputingTime
{
    private readonly List<TraceSpan> spans = [];

    /// <summary>When the assignment came: a timestamp.</summary>
    public long Begun { get; private set; }

    /// <summary>What was waited for weights, in a timestamp's units.</summary>
    public long Waited { get; private set; }

    /// <summary>An assignment has come.</summary>
    public void Begin()
    {
        Begun = Stopwatch.GetTimestamp();
        Waited = 0;
        spans.Clear();
    }

    /// <param name="since">A timestamp: what has passed since then was waiting.</param>
    public void Wait(long since) => Waited += Stopwatch.GetTimestamp() - since;

    /// <summary>Notes for a trace what was done from one timestamp to another.</summary>
    public void Add(TraceActivity activity, int layer, long begin, long end) => spans.Add(new TraceSpan
    {
        Activity = activity,
        Layer = (uint)layer,
        BeginNs = Nanoseconds(Begun, begin),
        LengthNs = Nanoseconds(begin, end),
    });

    /// <summary>Tells with a value's last part what was noted and not told before.</summary>
    public void Tell(NodeHeader header)
    {
        // At least 1, since 0 says nothing.
        header.ComputedUs = (uint)Math.Clamp(Nanoseconds(Begun + Waited, Stopwatch.GetTimestamp()) / 1000, 1, uint.MaxValue);
        if (spans.Count == 0)
            return;
        header.AssignedNs = Nanoseconds(0, Begun);
        header.Spans.AddRange(spans);
        spans.Clear();
    }

    private static ulong Nanoseconds(long begin, long end) =>
        (ulong)Math.Max(0, Stopwatch.GetElapsedTime(begin, end).TotalNanoseconds);
}
