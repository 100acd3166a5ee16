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
    /// <param name="values">The old ones.</param>
    /// <param name="velocity">Their part of the state's velocity, which is advanced; empty where there is none.</param>
    /// <param name="sum">Their part of ∇W or ∇b, as sums over the mini-batch.</param>
    /// <param name="updated">Receives the new ones; may be the memory of the old.</param>
    /// <param name="exampleCount">m, the mini-batch's true size: the sum is divided by it, once.</param>
    /// <param name="learningRate">η of this step.</param>
    /// <param name="areBiases">They do not decay.</param>
    /// <exception cref="ArgumentException">The runs have different lengths, or the velocity is missing.</exception>
    void Update(
        ReadOnlySpan<float> values, Span<float> velocity, ReadOnlySpan<float> sum, Span<float> updated, int exampleCount,
        double learningRate, bool areBiases);
}
