using System.Diagnostics;
using Backprop.Core.Model;

namespace Backprop.Transport;

/// <summary>All ways with one network, in turn, several rounds, so that whatever else the machine does hits all.</summary>
internal sealed class Comparison(NetworkShape shape, int rounds, TimeSpan burst)
{
    private const int ExchangesAtMost = 20_000;

    /// <summary>Of the weights, and of the gradients as well.</summary>
    public long Bytes => shape.ParameterCount * sizeof(float);

    public async Task<IReadOnlyList<Measured>> MeasureAsync()
    {
        var ways = new List<IWay>();
        try
        {
            ways.Add(await PlainProtobufWay.OpenAsync(shape));
            ways.Add(await OurWay.OpenAsync(shape, sharesMemory: false));
            ways.Add(await SocketWay.OpenTcpAsync(shape));
            ways.Add(await SocketWay.OpenUnixAsync(shape));
            ways.Add(await OurWay.OpenAsync(shape, sharesMemory: true));
            ways.Add(new MemoryWay(shape, inCache: true));
            ways.Add(new MemoryWay(shape, inCache: false));
            return await MeasureAsync(ways);
        }
        finally
        {
            foreach (IWay way in ways)
                await way.DisposeAsync();
        }
    }

    private async Task<IReadOnlyList<Measured>> MeasureAsync(List<IWay> ways)
    {
        Measured[] found = [.. ways.Select(way => new Measured(way.Name, 2 * Bytes))];
        int[] exchanges = new int[ways.Count];
        for (int i = 0; i < ways.Count; i++)
            exchanges[i] = await FittingAsync(ways[i]);
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < ways.Count; i++)
            {
                var times = new long[exchanges[i]];
                long before = GC.GetTotalAllocatedBytes();
                await ways[i].ExchangeAsync(times).WaitAsync(FarProcess.Deadline);
                found[i].Add(times, GC.GetTotalAllocatedBytes() - before);
            }
        }

        for (int i = 0; i < ways.Count; i++)
            found[i].FarAllocated = await ways[i].EndAsync();
        return found;
    }

    /// <summary>How many exchanges fit into a burst, once the code is warm.</summary>
    private async Task<int> FittingAsync(IWay way)
    {
        await way.ExchangeAsync(new long[ExchangeCount.WarmUp]).WaitAsync(FarProcess.Deadline);
        long begin = Stopwatch.GetTimestamp();
        await way.ExchangeAsync(new long[ExchangeCount.WarmUp]).WaitAsync(FarProcess.Deadline);
        double each = Stopwatch.GetElapsedTime(begin).TotalSeconds / ExchangeCount.WarmUp;
        return (int)Math.Clamp(burst.TotalSeconds / each, 3, ExchangesAtMost);
    }
}
