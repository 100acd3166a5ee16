using System.Globalization;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;

namespace Backprop.Core.Training;

/// <summary>Finds numbers that have run away, in the same places and words wherever a run is trained.</summary>
public static class Divergence
{
    private const string Beginning = "training diverged at step ";

    /// <summary>
    /// No weight of a network that learns moves so far in one step: with such a weight every unit that it leads to is saturated
    /// for good, and the slopes there are exactly 0, so that nothing infinite would ever tell of it.
    /// </summary>
    private const double MoveAtMost = 1e12;

    /// <summary>The farthest from 0 that an element of a mini-batch's gradient may be.</summary>
    /// <param name="rate">η of the step.</param>
    /// <param name="exampleCount">Of the mini-batch: the gradient is a sum over them.</param>
    public static float LimitOf(double rate, int exampleCount) => (float)Math.Min(MoveAtMost / rate * exampleCount, float.MaxValue);

    /// <summary>Looks at a mini-batch's cost and gradient.</summary>
    /// <param name="gradient">∇W[l] and ∇b[l], as sums.</param>
    /// <param name="rate">η of the step.</param>
    /// <returns>What the run fails with; null when all is well.</returns>
    public static string? Find(
        long step, NodeTotals totals, IReadOnlyList<LayerParameters> gradient, double rate, RunConfiguration configuration)
    {
        float limit = LimitOf(rate, totals.ExampleCount);
        int layer = gradient.TakeWhile(within => within.IsWithin(limit)).Count();
        string? ofLayer = layer == gradient.Count ? null : $"the gradient of layer {layer}";
        return (double.IsFinite(totals.Cost), ofLayer) switch
        {
            (true, null) => null,
            (true, _) when gradient[layer].IsFinite() =>
                Describe(step, FormattableString.Invariant($"{ofLayer} would move a weight by more than {MoveAtMost:0E+0}"), configuration),
            (true, _) => Describe(step, $"{ofLayer} is not finite", configuration),
            (false, null) => Describe(step, "the mini-batch's cost is not finite", configuration),
            (false, _) => Describe(step, $"the mini-batch's cost is not finite, nor is {ofLayer}", configuration),
        };
    }

    /// <summary>Looks at the weights, before they are evaluated or saved.</summary>
    /// <param name="step">The last step that is in them.</param>
    /// <returns>What the run fails with; null when all is well.</returns>
    public static string? Find(long step, Parameters parameters, RunConfiguration configuration) =>
        parameters.AreFinite() ? null : Describe(step, $"a weight of layer {FirstNotFinite(parameters)} is not finite any more", configuration);

    private static int FirstNotFinite(Parameters parameters) =>
        parameters.Layers.TakeWhile(layer => layer.IsFinite()).Count();

    /// <summary>Whether it is this that a run failed with: going on from its checkpoint would end the same way.</summary>
    public static bool IsCauseOf(string error) => error.StartsWith(Beginning, StringComparison.Ordinal);

    private static string Describe(long step, string finding, RunConfiguration configuration) =>
        string.Create(CultureInfo.InvariantCulture, $"{Beginning}{step}: {finding}; try a smaller --learning-rate than {configuration.LearningRate}")
        + (configuration.Schedule == LearningRateSchedule.Constant ? "" : $", or another --schedule than {configuration.Schedule}")
        + (configuration.L2 == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" or --l2 than {configuration.L2}"));
}
