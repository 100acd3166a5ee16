using Backprop.Core.Data;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>Everything that a history leaves to chance, from its seed.</summary>
internal sealed class Chance(ulong seed)
{
    private readonly RandomSource random = new(seed, stream: 0);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => random.NextInt(times) == 0;

    public int Between(int low, int high) => low + random.NextInt(high - low + 1);

    public double Seconds(double low, double high) => low + ((high - low) * random.NextDouble());

    /// <summary>The time until something that happens without memory, so often on average.</summary>
    public double Until(double mean) => -mean * Math.Log(1 - random.NextDouble());

    public T Of<T>(IReadOnlyList<T> some) => some[random.NextInt(some.Count)];
}
