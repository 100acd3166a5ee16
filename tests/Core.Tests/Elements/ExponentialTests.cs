using Backprop.Core.Elements;

namespace Backprop.Core.Tests.Elements;

public sealed class ExponentialTests
{
    [Fact]
    public void Exponential_AllOverTheRange_Within1Ulp()
    {
        double worst = 0;
        foreach (float x in UlpError.Floats(997).Where(x => MathF.Abs(x) < 106))
            worst = Math.Max(worst, UlpError.Of(Of(x), Math.Exp(x)));

        Assert.InRange(worst, 0.4, 1.0);
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.MaxValue, float.PositiveInfinity)]
    [InlineData(float.MinValue, 0f)]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(88.8f, float.PositiveInfinity)] // ln of the largest float is 88.7228…
    [InlineData(-104f, 0f)] // half the smallest subnormal is e^−103.97…
    [InlineData(-103.5f, float.Epsilon)] // e^−103.5 is 0.8 of the smallest subnormal
    public void Exponential_SpecialValue_AsIeeeSays(float x, float expected) => Assert.Equal(expected, Of(x));

    private static float Of(float x)
    {
        float[] result = new float[16];
        ElementLoop.Map(default(Exponential), Enumerable.Repeat(x, 16).ToArray(), result);
        return result[0];
    }
}
