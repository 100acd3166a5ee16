using System.Runtime.CompilerServices;
using Backprop.Core.Elements;
using Backprop.Core.Model;

namespace Backprop.Core.Optimizers;

/// <summary>Stochastic gradient descent with momentum μ and weight decay λ (the cost's extra term ½·λ·‖W‖²).</summary>
/// <remarks>
/// In single precision, element by element: g = sum/m (one division); for weights g = λ·W + g; with momentum
/// v = μ·v + g, else v = g; W = W − η·v. Each multiplication and its addition are rounded once (FMA).
/// </remarks>
internal sealed class StochasticGradientDescent(double momentum, double weightDecay) : IOptimizer
{
    private readonly bool hasMomentum = momentum != 0;
    private readonly float momentum = (float)momentum;
    private readonly float weightDecay = (float)weightDecay;

    public string Name => "sgd";

    public OptimizerState CreateState(NetworkShape shape) => new(hasMomentum ? new Parameters(shape) : null);

    public bool TryUpdate(in StepSlice slice, int exampleCount, double learningRate, float limit) =>
        TryUpdate(slice, exampleCount, learningRate, limit, ElementLoop.Widest);

    internal bool TryUpdate(in StepSlice slice, int exampleCount, double learningRate, float limit, int lanes)
    {
        if (exampleCount < 1)
            throw new ArgumentException($"Cannot update by a gradient over {exampleCount} examples; at least 1 fits.");
        slice.CheckLengths(hasMomentum);
        float decay = slice.AreBiases ? 0f : weightDecay;
        float rate = (float)learningRate;
        return hasMomentum
            ? StepLoop.TryRun(new MomentumDescent(exampleCount, decay, rate, momentum), slice, limit, lanes)
            : StepLoop.TryRun(new Descent(exampleCount, decay, rate), slice, limit, lanes);
    }

    private readonly struct Descent(float exampleCount, float decay, float rate) : IElementUpdate
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Update<T>(ref T x, ref T y, T z)
            where T : struct, IElements<T>
        {
            y = T.FusedMultiplyAdd(T.Broadcast(decay), x, z / T.Broadcast(exampleCount));
            x = T.FusedMultiplyAdd(T.Broadcast(-rate), y, x);
        }
    }

    private readonly struct MomentumDescent(float exampleCount, float decay, float rate, float momentum)
        : IElementUpdate
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Update<T>(ref T x, ref T y, T z)
            where T : struct, IElements<T>
        {
            T gradient = T.FusedMultiplyAdd(T.Broadcast(decay), x, z / T.Broadcast(exampleCount));
            y = T.FusedMultiplyAdd(T.Broadcast(momentum), y, gradient);
            x = T.FusedMultiplyAdd(T.Broadcast(-rate), y, x);
        }
    }
}
