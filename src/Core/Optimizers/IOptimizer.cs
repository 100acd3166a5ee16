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

    /// <summary>Updates one layer alone, so that a layer can go out as soon as its own sum is complete.</summary>
    /// <param name="layer">Index into <see cref="Parameters.Layers"/>.</param>
    /// <param name="parameters">W[l] and b[l].</param>
    /// <param name="updated">Receives the new W[l] and b[l]; may be the same memory.</param>
    /// <param name="sum">∇W[l] and ∇b[l] as sums over the mini-batch.</param>
    /// <param name="exampleCount">m, the mini-batch's true size: the sum is divided by it, once.</param>
    /// <param name="learningRate">η of this step.</param>
    /// <param name="state">The layer's part of it is advanced.</param>
    /// <param name="share">The elements of W and of b to update; the others stay.</param>
    void UpdateLayer(
        int layer, LayerParameters parameters, LayerParameters updated, LayerParameters sum, int exampleCount, double learningRate,
        OptimizerState state, Share share);

    /// <summary>Updates all layers, each as <see cref="UpdateLayer"/> does.</summary>
    void Update(
        Parameters parameters, Parameters updated, IReadOnlyList<LayerParameters> sum, int exampleCount, double learningRate,
        OptimizerState state, Share share)
    {
        for (int layer = 0; layer < parameters.Layers.Count; layer++)
            UpdateLayer(layer, parameters.Layers[layer], updated.Layers[layer], sum[layer], exampleCount, learningRate, state, share);
    }
}
