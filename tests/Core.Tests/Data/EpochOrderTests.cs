using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Backprop.Core.Data;
using CsCheck;

namespace Backprop.Core.Tests.Data;

public sealed class EpochOrderTests
{
    [Fact]
    public void Create_AnySeedEpochAndCount_IsAPermutation() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 1000], Gen.Int[0, 400]).Sample((seed, epoch, count) =>
            EpochOrder.Create(seed, epoch, count, shuffle: true).Order().SequenceEqual(Enumerable.Range(0, count)));

    [Fact]
    public void Create_WithoutShuffling_IsTheOrderOfTheFile() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 1000], Gen.Int[0, 400]).Sample((seed, epoch, count) =>
            EpochOrder.Create(seed, epoch, count, shuffle: false).SequenceEqual(Enumerable.Range(0, count)));

    [Fact]
    public void Create_Epochs_VisitInDifferentOrders()
    {
        string[] orders = [.. Enumerable.Range(0, 100).Select(epoch => string.Join(',', EpochOrder.Create(1, epoch, 20, true)))];

        Assert.Equal(orders.Length, orders.Distinct().Count());
    }

    // The expected orders come from an independent Python program: SplitMix64, xoshiro256** and Fisher and Yates'
    // shuffle written from the documentation of RandomSource and EpochOrder, with Python's unbounded integers.
    [Theory]
    [InlineData(1UL, 0, new[] { 9, 3, 2, 6, 8, 7, 4, 1, 0, 5 })]
    [InlineData(1UL, 1, new[] { 0, 4, 8, 2, 9, 7, 6, 1, 5, 3 })]
    [InlineData(2UL, 0, new[] { 3, 1, 2, 6, 8, 9, 5, 7, 4, 0 })]
    [InlineData(ulong.MaxValue, int.MaxValue, new[] { 8, 6, 7, 2, 0, 9, 5, 3, 1, 4 })]
    public void Create_TenExamples_AsThePythonProgramSays(ulong seed, int epoch, int[] expected) =>
        Assert.Equal(expected, EpochOrder.Create(seed, epoch, 10, shuffle: true));

    // From the same program: the first eight places, and the SHA-256 of all 1,500 as little-endian 32-bit integers.
    [Fact]
    public void Create_DigitsFirstEpoch_AsThePythonProgramSays()
    {
        int[] order = EpochOrder.Create(1, 0, 1500, shuffle: true);

        Assert.Equal([982, 622, 1408, 725, 410, 431, 252, 499], order[..8]);
        Assert.Equal(
            "cd10ea4789dceaedbfac4af90578b956a544d3be14a6d11dc59bbec46c9a094b",
            Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(order.AsSpan()))));
    }

    // Each of four examples in each of four places equally often: (4 − 1)² = 9 degrees of freedom, 27.88 at 99.9 %.
    [Fact]
    public void Create_ManyEpochs_EachExampleInEachPlaceEquallyOften()
    {
        const int epochs = 20_000;
        int[] counts = new int[16];
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            int[] order = EpochOrder.Create(7, epoch, 4, shuffle: true);
            for (int place = 0; place < 4; place++)
                counts[(place * 4) + order[place]]++;
        }

        const double expected = epochs / 4.0;
        Assert.InRange(counts.Sum(count => (count - expected) * (count - expected) / expected), 0, 27.88);
    }

    [Fact]
    public void Create_NegativeEpoch_Refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => EpochOrder.Create(1, -1, 10, shuffle: true));
}
