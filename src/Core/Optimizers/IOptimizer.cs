using Backprop.Core.Model;

namespace Backprop.Core.Optimizers;

/// <summary>
/// Turns a mini-batch's gradient sum into new parameters. What it carries along is in an explicit state.
/// </summary>
/// <remarks>
/// An element's new value depends on its own old values and sum alone: the same bits at any vector width.
/// </remarks>
public interface IOptimizer
{
    /// <summary>The name on the command line and in files.</summary>
    string Name { get; }

    /// <summary>The state before the first step.</summary>
    OptimizerState CreateState(NetworkShape shape);

    /// <summary>A state that goes on from another, which stays as it is.</summary>
    /// <param name="before">Null: the state before the first step.</param>
    OptimizerState CreateState(NetworkShape shape, OptimizerState? before)
    {
        OptimizerState state = CreateState(shape);
        if (before?.Velocity is not null && state.Velocity is not null)
            before.Velocity.CopyTo(state.Velocity);
        return state;
    }

    /// <summary>Updates any run of weights, or of biases.</summary>
    /// <param name="exampleCount">m, the mini-batch's true size: the sum is divided by it, once.</param>
    /// <param name="learningRate">η of this step.</param>
    /// <param name="limit">Finite, at least 0.</param>
    /// <returns>False: an element of the sum is farther from 0 than the limit, or NaN. What was updated, the velocity too, is of no use then.</returns>
    /// <exception cref="ArgumentException">Parts of the run have different lengths, or the velocity is missing.</exception>
    bool TryUpdate(in StepSlice slice, int exampleCount, double learningRate, float limit);
}
