using Backprop.Core.Data;
using Backprop.Core.Elements;

namespace Backprop.Core.Tests.Elements;

public sealed class PortableMathTests
{
    private const double Tolerance = 1e-15;
    private const double UnitsAtMost = 4;

    [Fact]
    public void Exp_AllOverTheRange_EqualsTheLibrary()
    {
        for (double x = -707.9; x < 709.7; x += 0.0173)
            Assert.InRange(PortableMath.Exp(x) / Math.Exp(x), 1 - Tolerance, 1 + Tolerance);
        for (double x = 1e-18; x < 1; x *= 1.7)
            Assert.InRange(PortableMath.Exp(-x) / Math.Exp(-x), 1 - Tolerance, 1 + Tolerance);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(double.NegativeInfinity, 0)]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(710, double.PositiveInfinity)]
    [InlineData(-746, 0)]
    [InlineData(-745, double.Epsilon)]
    [InlineData(double.NaN, double.NaN)]
    public void Exp_SpecialValue_AsIeeeSays(double x, double expected) => Assert.Equal(expected, PortableMath.Exp(x));

    [Fact]
    public void Log_AllOverTheRange_EqualsTheLibrary()
    {
        for (double x = 1e-320; x < 1e308; x *= 1.0137)
        {
            double expected = Math.Log(x);
            Assert.Equal(expected, PortableMath.Log(x), Math.Abs(expected) * Tolerance);
        }

        for (double x = 0.4; x < 2.5; x += 0.00031)
        {
            double expected = Math.Log(x);
            Assert.Equal(expected, PortableMath.Log(x), Math.Abs(expected) * Tolerance);
        }
    }

    [Fact]
    public void Log_ManyMagnitudes_IsWithinAFewUnitsOfTheLibrary()
    {
        var random = new RandomSource(17, 0);
        for (int i = 0; i < 200_000; i++)
            LogIsNear(Math.ScaleB(1.0 + random.NextDouble(), random.NextInt(2000) - 1000));
    }

    [Fact]
    public void Log_AroundOne_KeepsItsRelativeAccuracy()
    {
        for (int bits = 1; bits <= 52; bits++)
        {
            LogIsNear(1.0 + Math.ScaleB(1.0, -bits));
            LogIsNear(1.0 - Math.ScaleB(1.0, -bits));
        }
    }

    [Theory]
    [InlineData(2.2250738585072014e-308)]
    [InlineData(double.MaxValue)]
    [InlineData(1.4142135623730951)]
    [InlineData(1.4142135623730953)]
    [InlineData(0.7071067811865475)]
    public void Log_EdgesOfItsRanges_IsNear(double x) => LogIsNear(x);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, double.NegativeInfinity)]
    [InlineData(-1, double.NaN)]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(double.NaN, double.NaN)]
    public void Log_SpecialValue_AsIeeeSays(double x, double expected) => Assert.Equal(expected, PortableMath.Log(x));

    [Fact]
    public void LogOnePlus_Small_KeepsItsDigits()
    {
        // ln(1 + x) = x − x²/2 + x³/3 − …, to the last digit for x up to 10⁻⁴ with five terms.
        for (double x = 1e-300; x < 1e-4; x *= 3)
        {
            double series = x * (1 - (x * (0.5 - (x * ((1.0 / 3) - (x * (0.25 - (x / 5))))))));
            Assert.Equal(series, PortableMath.LogOnePlus(x), series * Tolerance);
        }
    }

    [Fact]
    public void LogOnePlus_Large_EqualsTheLogarithm()
    {
        for (double x = 1; x < 1e300; x *= 2.3)
            Assert.Equal(Math.Log(1 + x), PortableMath.LogOnePlus(x), Math.Log(1 + x) * Tolerance);
    }

    // Four go together, and what is left over alone: every number must get the bits that it gets alone.
    [Fact]
    public void Exp_ManyAtOnce_SameBitsAsOneByOne()
    {
        double[] x =
        [
            .. Spread(30_001, -760, 720), double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -0.0,
            -745.2, -708.4, 709.79, double.Epsilon, 1e-300,
        ];
        double[] together = [.. x];

        PortableMath.Exp(together);

        Assert.Equal(x.Select(value => Bits(PortableMath.Exp(value))), together.Select(Bits));
    }

    [Fact]
    public void LogOnePlus_ManyAtOnce_SameBitsAsOneByOne()
    {
        double[] x =
        [
            .. Spread(10_001, 0, 3), .. Spread(10_001, -700, 700).Select(Math.Exp), 0, double.Epsilon, double.MaxValue,
            1, double.NaN, double.PositiveInfinity, 0.41421356237309503, 0.41421356237309515, 0.5, 1e308, 2,
        ];
        double[] together = [.. x];

        PortableMath.LogOnePlus(together);

        Assert.Equal(x.Select(value => Bits(PortableMath.LogOnePlus(value))), together.Select(Bits));
    }

    private static double[] Spread(int count, double first, double end)
    {
        var random = new RandomSource(23, 0);
        return [.. Enumerable.Range(0, count).Select(_ => first + (random.NextDouble() * (end - first)))];
    }

    private static long Bits(double value) => BitConverter.DoubleToInt64Bits(value);

    private static void LogIsNear(double x)
    {
        double expected = Math.Log(x);
        double unit = Math.BitIncrement(Math.Abs(expected)) - Math.Abs(expected);
        double units = Math.Abs(PortableMath.Log(x) - expected) / unit;
        Assert.True(units <= UnitsAtMost, $"ln {x:R}: {units} units in the last place");
    }
}
