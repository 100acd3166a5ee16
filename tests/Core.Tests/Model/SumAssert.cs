using Backprop.Core.Model;

namespace Backprop.Core.Tests.Model;

/// <summary>Holds nodes' values against each other.</summary>
internal static class SumAssert
{
    /// <summary>The same totals, and the same bits in every layer.</summary>
    public static void SameBits(GradientSum expected, GradientSum given)
    {
        Assert.Equal(expected.Totals, given.Totals);
        for (int l = 0; l < expected.Layers.Count; l++)
        {
            SameBits(expected.Layers[l].Weights.Values.ToArray(), given.Layers[l].Weights.Values.ToArray());
            SameBits(expected.Layers[l].Biases.Values.ToArray(), given.Layers[l].Biases.Values.ToArray());
        }
    }

    private static void SameBits(float[] expected, float[] given) =>
        Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), given.Select(BitConverter.SingleToInt32Bits));
}
