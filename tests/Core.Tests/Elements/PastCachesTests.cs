using Backprop.Core.Elements;

namespace Backprop.Core.Tests.Elements;

/// <summary>A copy past the caches is a copy, wherever it begins and ends.</summary>
public sealed class PastCachesTests
{
    [Fact]
    public void Copy_AnyLengthAnywhere_IsTheSourceAndNothingBesideIt()
    {
        float[] source = [.. Enumerable.Range(1, 200).Select(number => number * 0.1f)];
        for (int offset = 0; offset < 20; offset++)
        {
            for (int length = 0; length < 150; length++)
            {
                float[] target = new float[200];
                Array.Fill(target, float.NaN);
                PastCaches.Copy(source.AsSpan(offset / 2, length), target.AsSpan(offset, length));
                PastCaches.Publish();

                Assert.Equal(source[(offset / 2)..((offset / 2) + length)], target[offset..(offset + length)]);
                Assert.All(target[..offset], number => Assert.True(float.IsNaN(number)));
                Assert.All(target[(offset + length)..], number => Assert.True(float.IsNaN(number)));
            }
        }
    }
}
