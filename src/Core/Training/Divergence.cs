using System.Globalization;
using Backprop.Core.Model;

namespace Backprop.Core.Training;

/// <summary>Finds numbers that have run away, in the same places and words wherever a run is trained.</summary>
public static class Divergence
{
    /// <summary>Looks at a mini-batch's cost, before its gradient is used.</summary>
    /// <returns>What the run fails with; null when all is well.</returns>
    public static string? Find(long step, NodeTotals totals, RunConfiguration configuration) =>
        double.IsFinite(totals.Cost) ? null : Describe(step, "the mini-batch's cost is not a finite number", configuration);

    /// <summary>Looks at the weights, before they are evaluated or saved.</summary>
    /// <param name="step">The last step that is in them.</param>
    /// <returns>What the run fails with; null when all is well.</returns>
    public static string? Find(long step, Parameters parameters, RunConfiguration configuration) =>
        parameters.AreFinite() ? null : Describe(step, "a weight is not a finite number any more", configuration);

    private static string Describe(long step, string finding, RunConfiguration configuration) =>
        string.Create(CultureInfo.InvariantCulture, $"training diverged at step {step}: {finding}; try a smaller --learning-rate than {configuration.LearningRate}")
        + (configuration.L2 == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" or --l2 than {configuration.L2}"));
}
