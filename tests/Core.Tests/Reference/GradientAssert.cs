using Backprop.Core.Reference;

namespace Backprop.Core.Tests.Reference;

internal static class GradientAssert
{
    /// <summary>Rounding errors of a few thousand operations in double precision, beside the largest derivative.</summary>
    public const double Rounding = 1e-12;

    public static double Largest(ReferenceParameters gradient) =>
        Enumerable.Range(0, gradient.Count).Max(i => Math.Abs(gradient[i]));

    public static double LargestDifference(ReferenceParameters expected, ReferenceParameters actual) =>
        Enumerable.Range(0, expected.Count).Max(i => Math.Abs(actual[i] - expected[i]));

    /// <summary>All derivatives that no kink disturbs lie within the tolerance; returns how many were compared.</summary>
    public static int Near(ReferenceParameters expected, FiniteDifferenceEstimates actual, double tolerance)
    {
        int compared = 0;
        for (int i = 0; i < actual.Indices.Count; i++)
        {
            if (actual.CrossesKink[i])
                continue;
            double derivative = expected[actual.Indices[i]];
            Assert.True(
                Math.Abs(actual.Values[i] - derivative) <= tolerance,
                $"Parameter {actual.Indices[i]}: {actual.Values[i]:R} instead of {derivative:R}, tolerance {tolerance:R}.");
            compared++;
        }

        return compared;
    }

    public static void EqualToRounding(ReferenceParameters expected, ReferenceParameters actual)
    {
        double largest = Largest(expected);
        double difference = LargestDifference(expected, actual);
        Assert.True(
            difference <= Rounding * Math.Max(largest, 1e-3),
            $"{expected.Shape}: differs by {difference:R}, the largest derivative being {largest:R}.");
    }
}
