using Backprop.Core.Elements;

namespace Backprop.Core.Tests.Elements;

public sealed class FiniteTests
{
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void All_OneIsNot_IsFalseWhereverItStands(float wrong)
    {
        for (int length = 1; length <= 150; length++)
        {
            for (int place = 0; place < length; place++)
            {
                float[] values = new float[length];
                values[place] = wrong;
                Assert.False(Finite.All(values));
            }
        }
    }

    [Fact]
    public void All_LargestAndSmallest_IsTrue()
    {
        for (int length = 0; length <= 150; length++)
            Assert.True(Finite.All([.. Enumerable.Repeat(float.MaxValue, length), -float.MaxValue, float.Epsilon, -0f]));
    }
}
