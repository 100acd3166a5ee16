using Backprop.Core.Data;

namespace Backprop.Core.Tests.Data;

public sealed class RepeatableLogarithmTests
{
    private const double UnitsAtMost = 4;

    [Fact]
    public void Of_ManyMagnitudes_IsWithinAFewUnitsOfMathLog()
    {
        var random = new RandomSource(17, 0);
        for (int i = 0; i < 200_000; i++)
        {
            double x = Math.ScaleB(1.0 + random.NextDouble(), random.NextInt(2000) - 1000);
            Near(x);
        }
    }

    [Fact]
    public void Of_AroundOne_KeepsItsRelativeAccuracy()
    {
        for (int bits = 1; bits <= 52; bits++)
        {
            Near(1.0 + Math.ScaleB(1.0, -bits));
            Near(1.0 - Math.ScaleB(1.0, -bits));
        }
    }

    [Fact]
    public void Of_One_IsZero() => Assert.Equal(0.0, RepeatableLogarithm.Of(1.0));

    [Theory]
    [InlineData(2.2250738585072014e-308)]
    [InlineData(double.MaxValue)]
    [InlineData(1.4142135623730951)]
    [InlineData(1.4142135623730953)]
    [InlineData(0.7071067811865475)]
    public void Of_EdgesOfItsRange_IsNear(double x) => Near(x);

    private static void Near(double x)
    {
        double expected = Math.Log(x);
        double unit = Math.BitIncrement(Math.Abs(expected)) - Math.Abs(expected);
        double units = Math.Abs(RepeatableLogarithm.Of(x) - expected) / unit;
        Assert.True(units <= UnitsAtMost, $"ln {x:R}: {units} units in the last place");
    }
}
