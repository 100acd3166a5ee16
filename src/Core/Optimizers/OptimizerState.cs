using Backprop.Core.Model;

namespace Backprop.Core.Optimizers;

/// <summary>What an optimizer carries from step to step.</summary>
/// <param name="Velocity">v of momentum, shaped as the parameters; null where the optimizer has none.</param>
public sealed record OptimizerState(Parameters? Velocity);
