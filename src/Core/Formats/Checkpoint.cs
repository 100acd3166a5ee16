using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Training;

namespace Backprop.Core.Formats;

/// <summary>Everything that going on exactly where a run stood needs.</summary>
/// <param name="Version">The program that wrote it.</param>
/// <param name="NextStep">Steps committed: training goes on with this one.</param>
/// <param name="EpochTotals">The running epoch's totals so far.</param>
public sealed record Checkpoint(
    RunConfiguration Configuration, string Version, long NextStep, Parameters Parameters, OptimizerState State,
    NodeTotals EpochTotals);
