using System.Diagnostics;
using Backprop.Bench;

namespace Backprop.Transport;

/// <summary>What was found of one way with one network.</summary>
/// <param name="bytes">Of an exchange, both directions together.</param>
internal sealed class Measured(string name, long bytes)
{
    private readonly List<double> seconds = [];
    private double smallest = double.PositiveInfinity;
    private double nearAllocated;
    private long nearExchanges;

    public string Name { get; } = name;

    /// <summary>The median over rounds of a round's seconds an exchange.</summary>
    public double Seconds => ReportText.Median(seconds);

    public double GigabytesPerSecond => bytes / Seconds / 1e9;

    /// <summary>Messages a second: a model's weights or its gradients are one.</summary>
    public double MessagesPerSecond => 2 / Seconds;

    /// <summary>The shortest exchange of all, in microseconds.</summary>
    public double SmallestMicroseconds => smallest * 1e6;

    /// <summary>Bytes that the other side's process allocated an exchange.</summary>
    public double FarAllocated { get; set; }

    /// <summary>Bytes that this process, the coordinator's side, allocated an exchange.</summary>
    public double NearAllocated => nearAllocated / Math.Max(1, nearExchanges);

    /// <summary>Adds a round.</summary>
    public void Add(ReadOnlySpan<long> times, long allocated)
    {
        long all = 0, least = long.MaxValue;
        foreach (long time in times)
        {
            all += time;
            least = Math.Min(least, time);
        }

        seconds.Add(all / (double)Stopwatch.Frequency / times.Length);
        smallest = Math.Min(smallest, least / (double)Stopwatch.Frequency);
        nearAllocated += allocated;
        nearExchanges += times.Length;
    }
}
