using Backprop.Core.Data;

namespace Backprop.Core.Tests.Data;

public sealed class RandomSourceTests
{
    [Fact]
    public void NextUInt64_StateOneTwoThreeFour_PublishedOutputs()
    {
        // The test vector that implementations of xoshiro256** share: state 1, 2, 3, 4.
        ulong[] expected =
        [
            11520, 0, 1509978240, 1215971899390074240, 1216172134540287360, 607988272756665600, 16172922978634559625,
            8476171486693032832, 10595114339597558777, 2904607092377533576,
        ];
        RandomSource random = RandomSource.FromState(1, 2, 3, 4);

        Assert.Equal(expected, expected.Select(_ => random.NextUInt64()));
    }

    [Fact]
    public void NextSplitMix64_From1234567_PublishedOutputs()
    {
        ulong[] expected =
        [
            6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821,
        ];
        ulong state = 1234567;

        Assert.Equal(expected, expected.Select(_ => RandomSource.NextSplitMix64(ref state)));
    }

    [Fact]
    public void Create_SeedStreamAndIndex_OutputsOfTheDocumentedSeeding()
    {
        // Seed 1, stream 2, index 0, from a Python program of its own, written after the remarks of RandomSource.
        ulong[] expected = [16811532269191154061, 328931736337578468, 16381165443043849480, 5270659230011887543];
        var random = new RandomSource(1, 2);

        Assert.Equal(expected, expected.Select(_ => random.NextUInt64()));
    }

    [Fact]
    public void Create_AnyPartDiffers_OtherNumbers()
    {
        ulong[] first =
        [
            new RandomSource(1, 1, 1).NextUInt64(), new RandomSource(2, 1, 1).NextUInt64(),
            new RandomSource(1, 2, 1).NextUInt64(), new RandomSource(1, 1, 2).NextUInt64(),
            new RandomSource(0, 0, 0).NextUInt64(), new RandomSource(ulong.MaxValue, 1, 1).NextUInt64(),
        ];

        Assert.Equal(first.Length, first.Distinct().Count());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(1_000_003)]
    [InlineData(int.MaxValue)]
    public void NextInt_AnyBound_StaysBelowIt(int bound)
    {
        var random = new RandomSource(5, 0);
        int most = 0;
        for (int i = 0; i < 10_000; i++)
        {
            int value = random.NextInt(bound);
            Assert.InRange(value, 0, bound - 1);
            most = Math.Max(most, value);
        }

        // 10,000 draws all below three quarters: never, with a probability of 10^-1249.
        Assert.True(most >= (bound - 1) * 0.75);
    }

    // The word that stays below 2^64 mod 3 = 1 is 0 alone: it is drawn again. State (s0, 0, s2, s3) gives 0 first.
    [Fact]
    public void NextInt_WordThatWouldFavourSome_IsDrawnAgain()
    {
        RandomSource drawn = RandomSource.FromState(1, 0, 3, 4);
        RandomSource counted = RandomSource.FromState(1, 0, 3, 4);
        Assert.Equal(0UL, counted.NextUInt64());
        ulong[] words = [counted.NextUInt64(), counted.NextUInt64()];
        ulong taken = words.First(word => word * 3 != 0);

        int value = drawn.NextInt(3);

        Assert.Equal((int)Math.BigMul(taken, 3, out _), value);
        Assert.Equal(taken == words[0] ? words[1] : counted.NextUInt64(), drawn.NextUInt64());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void NextInt_BoundNotPositive_Refused(int bound) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomSource(1, 0).NextInt(bound));

    // Chi-square with k − 1 degrees of freedom: the 99.9 % points are 16.27 (k = 4), 27.88 (k = 10) and 148.2 (k = 100).
    [Theory]
    [InlineData(4, 16.27)]
    [InlineData(10, 27.88)]
    [InlineData(100, 148.2)]
    public void NextInt_ManyDraws_AreUniform(int bound, double limit)
    {
        const int draws = 200_000;
        var random = new RandomSource(11, 0);
        int[] counts = new int[bound];
        for (int i = 0; i < draws; i++)
            counts[random.NextInt(bound)]++;

        double expected = (double)draws / bound;
        Assert.InRange(counts.Sum(count => (count - expected) * (count - expected) / expected), 0.0, limit);
    }

    [Fact]
    public void NextDouble_KnownWords_AreTheirUpper53Bits()
    {
        // From the published words: 11520 >> 11 = 5, 0, 1509978240 >> 11 = 737294 (and a remainder), times 2^-53.
        RandomSource random = RandomSource.FromState(1, 2, 3, 4);

        Assert.Equal(5 * Math.Pow(2, -53), random.NextDouble());
        Assert.Equal(0.0, random.NextDouble());
        Assert.Equal(737294 * Math.Pow(2, -53), random.NextDouble());
    }

    // Moments of the normal distribution 0, 1, 0, 3; five standard errors of n draws: √(1/n), √(2/n), √(15/n), √(96/n).
    [Fact]
    public void NextGaussian_ManyDraws_HaveTheMomentsOfTheNormalDistribution()
    {
        const int draws = 400_000;
        var random = new RandomSource(3, 0);
        double[] sums = new double[4];
        int withinOne = 0;
        for (int i = 0; i < draws; i++)
        {
            double value = random.NextGaussian();
            withinOne += Math.Abs(value) < 1 ? 1 : 0;
            double power = 1;
            for (int k = 0; k < sums.Length; k++)
                sums[k] += power *= value;
        }

        double root = Math.Sqrt(draws);
        Assert.InRange(sums[0] / draws, -5 / root, 5 / root);
        Assert.InRange(sums[1] / draws, 1 - (5 * Math.Sqrt(2) / root), 1 + (5 * Math.Sqrt(2) / root));
        Assert.InRange(sums[2] / draws, -5 * Math.Sqrt(15) / root, 5 * Math.Sqrt(15) / root);
        Assert.InRange(sums[3] / draws, 3 - (5 * Math.Sqrt(96) / root), 3 + (5 * Math.Sqrt(96) / root));

        // P(|x| < 1) = 0.682689; five standard errors √(p(1 − p)/n).
        Assert.InRange((double)withinOne / draws, 0.682689 - (5 * 0.4655 / root), 0.682689 + (5 * 0.4655 / root));
    }
}
