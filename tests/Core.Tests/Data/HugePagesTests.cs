using Backprop.Core.Data;

namespace Backprop.Core.Tests.Data;

public sealed class HugePagesTests
{
    // Below, at and above what a whole huge page needs wherever the array begins.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4 << 20)]
    [InlineData((6 << 20) + 13)]
    public void Allocate_AnyLength_IsAnArrayLikeAnother(int count)
    {
        byte[] array = HugePages.Allocate(count);
        for (int i = 0; i < count; i++)
            array[i] = (byte)(i * 7);

        Assert.Equal(count, array.Length);
        Assert.True(array.AsSpan().SequenceEqual(Enumerable.Range(0, count).Select(i => (byte)(i * 7)).ToArray()));
    }
}
