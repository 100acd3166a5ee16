using Backprop.Core.Model;
using Backprop.Core.Optimizers;

namespace Backprop.Core.Training;

/// <summary>Where training begins: a checkpoint's content, or initial weights.</summary>
/// <param name="Parameters">The weights before <paramref name="NextStep"/>; they are copied.</param>
/// <param name="NextStep">The first step to take, from 0.</param>
/// <param name="State">The optimizer's state before that step; null: a fresh one.</param>
/// <param name="EpochTotals">The totals of the epoch's steps before <paramref name="NextStep"/>.</param>
public sealed record TrainingStart(
    Parameters Parameters, long NextStep = 0, OptimizerState? State = null, NodeTotals EpochTotals = default);
