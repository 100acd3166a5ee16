using System.Globalization;
using Backprop.Core.Training;

namespace Backprop.Coordinator;

/// <summary>What a run says when its numbers have run away.</summary>
internal static class Divergence
{
    public static string Describe(long step, RunConfiguration configuration) =>
        $"training diverged at step {step}: the mini-batch's cost is not a finite number; try a smaller --learning-rate than "
        + configuration.LearningRate.ToString(CultureInfo.InvariantCulture);
}
