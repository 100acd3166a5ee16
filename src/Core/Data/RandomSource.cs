using System.Numerics;
using Backprop.Core.Elements;

namespace Backprop.Core.Data;

/// <summary>
/// A documented source of random numbers: xoshiro256** (Blackman and Vigna), its state filled by SplitMix64 from a
/// seed, a stream and an index. It uses 64-bit integers and exactly rounded operations alone, so a seed gives the same
/// numbers on every machine and in every version of .NET. Not for secrets, and not for several threads at once.
/// </summary>
/// <remarks>
/// Seeding: k = mix(seed + γ); k = mix((k xor stream) + γ); k = mix((k xor index) + γ); the four words of state are
/// the first four outputs of SplitMix64 started at k. Here γ = 0x9E3779B97F4A7C15 and mix is SplitMix64's output
/// function.
/// </remarks>
public sealed class RandomSource
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    private ulong s0;
    private ulong s1;
    private ulong s2;
    private ulong s3;
    private double spareGaussian;
    private bool hasSpareGaussian;

    /// <param name="seed">The run's seed.</param>
    /// <param name="stream">What the numbers are for: one of <see cref="RandomPurpose"/>.</param>
    /// <param name="index">Which of that stream's sequences: an epoch, a layer.</param>
    public RandomSource(ulong seed, ulong stream, ulong index = 0)
    {
        ulong key = Mix(seed + Gamma);
        key = Mix((key ^ stream) + Gamma);
        key = Mix((key ^ index) + Gamma);
        s0 = NextSplitMix64(ref key);
        s1 = NextSplitMix64(ref key);
        s2 = NextSplitMix64(ref key);
        s3 = NextSplitMix64(ref key);
    }

    private RandomSource(ulong s0, ulong s1, ulong s2, ulong s3)
    {
        this.s0 = s0;
        this.s1 = s1;
        this.s2 = s2;
        this.s3 = s3;
    }

    /// <summary>Starts from a state as it is: for comparison with published outputs.</summary>
    internal static RandomSource FromState(ulong s0, ulong s1, ulong s2, ulong s3) => new(s0, s1, s2, s3);

    /// <summary>Advances a SplitMix64 generator and returns its output.</summary>
    internal static ulong NextSplitMix64(ref ulong state) => Mix(state += Gamma);

    /// <summary>The next 64 random bits.</summary>
    public ulong NextUInt64()
    {
        ulong result = BitOperations.RotateLeft(s1 * 5, 7) * 9;
        ulong shifted = s1 << 17;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= shifted;
        s3 = BitOperations.RotateLeft(s3, 45);
        return result;
    }

    /// <summary>
    /// An integer from 0 to <paramref name="exclusiveUpper"/> − 1, each exactly as likely: the high word of a 128-bit
    /// product, drawn again in the few cases that would favour some of them.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not positive.</exception>
    public int NextInt(int exclusiveUpper)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exclusiveUpper, 1);
        ulong bound = (ulong)exclusiveUpper;
        ulong high = Math.BigMul(NextUInt64(), bound, out ulong low);
        if (low < bound)
        {
            // 2^64 mod bound: with this many low words left out, the rest divide evenly.
            ulong surplus = (0UL - bound) % bound;
            while (low < surplus)
                high = Math.BigMul(NextUInt64(), bound, out low);
        }

        return (int)high;
    }

    /// <summary>A multiple of 2⁻⁵³ in [0, 1), each equally likely.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>
    /// A number of the standard normal distribution, by Marsaglia's polar method: of a point (u, v) in the unit disc,
    /// first u·√(−2 ln s / s) with s = u² + v², at the next call v·√(−2 ln s / s).
    /// </summary>
    public double NextGaussian()
    {
        if (hasSpareGaussian)
        {
            hasSpareGaussian = false;
            return spareGaussian;
        }

        double u, v, s;
        do
        {
            u = (2.0 * NextDouble()) - 1.0;
            v = (2.0 * NextDouble()) - 1.0;
            s = (u * u) + (v * v);
        }
        while (s is >= 1.0 or 0.0);

        double scale = Math.Sqrt(-2.0 * PortableMath.Log(s) / s);
        spareGaussian = v * scale;
        hasSpareGaussian = true;
        return u * scale;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
