using Backprop.Core.Activations;
using Backprop.Core.Data;
using Backprop.Core.Elements;

namespace Backprop.Core.Tests.Elements;

public sealed class ElementLoopTests
{
    private static readonly int[] widths = [1, 4, 8, 16];

    [Fact]
    public void Map_EveryLengthOffsetAndWidth_SameBitsAsAlone()
    {
        HoldsEverywhere(default(Exponential));
        HoldsEverywhere(default(Sigmoid.Value));
        HoldsEverywhere(default(Tanh.Value));
        HoldsEverywhere(default(Relu.Value));
        HoldsEverywhere(default(LeakyRelu.Value));
    }

    [Fact]
    public void MapOfPairs_EveryLengthOffsetAndWidth_SameBitsAsAlone()
    {
        HoldsForPairs(default(Sum));
        HoldsForPairs(default(Sigmoid.TimesSlope));
        HoldsForPairs(default(Tanh.TimesSlope));
        HoldsForPairs(default(Relu.TimesSlope));
        HoldsForPairs(default(LeakyRelu.TimesSlope));
    }

    [Fact]
    public void Map_UnequalLengths_SaysBoth()
    {
        var error = Assert.Throws<ArgumentException>(
            () => ElementLoop.Map(default(Exponential), new float[3], new float[4]));

        Assert.Contains("3 and 4", error.Message, StringComparison.Ordinal);
    }

    private static void HoldsEverywhere<TMap>(TMap map)
        where TMap : struct, IElementMap
    {
        float[] x = Values(1);
        float[] alone = new float[x.Length];
        for (int i = 0; i < x.Length; i++)
            ElementLoop.Map(map, x.AsSpan(i, 1), alone.AsSpan(i, 1), 1);

        float[] result = new float[x.Length];
        foreach (int width in widths)
        {
            for (int length = 0; length <= 70; length++)
            {
                for (int offset = 0; offset <= 17; offset++)
                {
                    ElementLoop.Map(map, x.AsSpan(offset, length), result.AsSpan(0, length), width);
                    AssertSameBits(alone.AsSpan(offset, length), result.AsSpan(0, length), typeof(TMap), width);
                }
            }
        }
    }

    private static void HoldsForPairs<TMap>(TMap map)
        where TMap : struct, IElementPairMap
    {
        float[] x = Values(2);
        float[] y = Values(3);
        float[] alone = new float[x.Length];
        for (int i = 0; i < x.Length; i++)
            ElementLoop.Map(map, x.AsSpan(i, 1), y.AsSpan(i, 1), alone.AsSpan(i, 1), 1);

        float[] result = new float[x.Length];
        foreach (int width in widths)
        {
            for (int length = 0; length <= 70; length++)
            {
                for (int offset = 0; offset <= 17; offset++)
                {
                    ElementLoop.Map(
                        map, x.AsSpan(offset, length), y.AsSpan(offset, length), result.AsSpan(0, length), width);
                    AssertSameBits(alone.AsSpan(offset, length), result.AsSpan(0, length), typeof(TMap), width);
                }
            }
        }
    }

    /// <summary>Ordinary numbers, tails and the special ones, mixed.</summary>
    private static float[] Values(ulong seed)
    {
        float[] special =
        [
            0f, -0f, 1f, -1f, 0.625f, -0.62499994f, 88.72f, 88.73f, 104f, -87.4f, -100f, -103.9f, -104f, 1e4f, -1e4f,
            float.Epsilon, float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity,
        ];
        var random = new RandomSource(seed, 99);
        float[] values = new float[90];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = random.NextInt(3) == 0
                ? special[random.NextInt(special.Length)]
                : (float)(random.NextGaussian() * (i % 2 == 0 ? 1 : 20));
        }

        return values;
    }

    private static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> given, Type map, int width)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            // ∞ − ∞ gives a NaN whose sign is the processor's own.
            if (float.IsNaN(expected[i]) && float.IsNaN(given[i]))
                continue;
            Assert.True(
                BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(given[i]),
                $"{map}, width {width}, element {i} of {expected.Length}: {expected[i]:R} alone, {given[i]:R} here.");
        }
    }
}
