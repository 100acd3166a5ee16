using Backprop.Core.Elements;
using CsCheck;

namespace Backprop.Core.Tests.Elements;

public sealed class LargestTests
{
    /// <summary>Few different numbers, so that several are equal, with both zeros and infinities.</summary>
    private static readonly Gen<float> number = Gen.OneOf(
        -1f, -0f, 0f, 0.5f, 1f, 2f, float.NegativeInfinity, float.PositiveInfinity, float.Epsilon, -float.Epsilon);

    [Fact]
    public void IndexIn_AnyLength_IsTheFirstThatNoOtherExceeds() =>
        Gen.Int[1, 40].SelectMany(length => number.Array[length]).Sample(
            values =>
            {
                int index = Largest.IndexIn(values);
                return values.All(value => !(value > values[index]))
                    && values.Take(index).All(value => value < values[index]);
            },
            threads: 1);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(4, 7)]
    [InlineData(9, 7)]
    public void IndexIn_OneIsNaN_IsPassedOverExceptInTheFirstPlace(int place, int expected)
    {
        float[] values = [1, 2, 0, 1, 0, 2, -1, 3, 0, 1];
        values[place] = float.NaN;
        Assert.Equal(expected, Largest.IndexIn(values));
    }
}
