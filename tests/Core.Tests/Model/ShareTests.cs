using Backprop.Core.Model;

namespace Backprop.Core.Tests.Model;

/// <summary>Shares of an array are all of it, each element once.</summary>
public sealed class ShareTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(1000)]
    public void Of_AllShares_AreTheArray(int length)
    {
        for (int count = 1; count <= 9; count++)
        {
            int next = 0;
            for (int index = 0; index < count; index++)
            {
                (int start, int taken) = new Share(index, count).Of(length).GetOffsetAndLength(length);
                Assert.Equal(next, start);
                next = start + taken;
            }

            Assert.Equal(length, next);
        }
    }
}
