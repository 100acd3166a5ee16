using System.Diagnostics;
using Backprop.Core.Model;

namespace Backprop.Transport;

/// <summary>
/// Copies in memory within one thread: weights out of one array into another, gradients back. With the same arrays each time
/// they stay in the cache as far as they fit; with arrays in turn, together larger than any cache, they come from memory.
/// </summary>
internal sealed class MemoryWay : IWay
{
    private const long OutOfCacheBytes = 256L << 20;

    private readonly float[][] near;
    private readonly float[][] far;
    private int next;

    public MemoryWay(NetworkShape shape, bool inCache)
    {
        Name = inCache ? "copy in memory, the same arrays" : "copy in memory, 256 MiB of arrays in turn";
        long bytes = 2 * shape.ParameterCount * sizeof(float);
        int pairs = inCache ? 1 : (int)Math.Clamp(OutOfCacheBytes / bytes, 2, 1 << 16);
        near = Arrays(pairs, shape.ParameterCount);
        far = Arrays(pairs, shape.ParameterCount);
    }

    public string Name { get; }

    public Task ExchangeAsync(Memory<long> times)
    {
        for (int i = 0; i < times.Length; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            near[next].CopyTo(far[next], 0);
            far[next].CopyTo(near[next], 0);
            next = (next + 1) % near.Length;
            times.Span[i] = Stopwatch.GetTimestamp() - begin;
        }

        return Task.CompletedTask;
    }

    public Task<double> EndAsync() => Task.FromResult(0.0);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static float[][] Arrays(int count, long length)
    {
        var arrays = new float[count][];
        for (int i = 0; i < count; i++)
            Array.Fill(arrays[i] = new float[length], 0.5f);
        return arrays;
    }
}
