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

    public void Update(
        ReadOnlySpan<float> values, Span<float> velocity, ReadOnlySpan<float> sum, Span<float> updated, int exampleCount,
        double learningRate, bool areBiases)
    {
        if (exampleCount < 1)
            throw new ArgumentException($"Cannot update by a gradient over {exampleCount} examples; at least 1 fits.");
        Step(values, velocity, sum, updated, exampleCount, areBiases ? 0f : weightDecay, (float)learningRate);
    }

    internal void Step(
        ReadOnlySpan<float> values, Span<float> velocity, ReadOnlySpan<float> sum, Span<float> updated, int exampleCount,
        float decay, float rate, int lanes = ElementLoop.Widest)
    {
        if (!hasMomentum)
            ElementLoop.Map(new Descent(exampleCount, decay, rate), values, sum, updated, lanes);
        else
            ElementLoop.Update(new MomentumDescent(exampleCount, decay, rate, momentum), values, velocity, sum, updated, lanes);
    }

    private readonly struct Descent(float exampleCount, float decay, float rate) : IElementPairMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Map<T>(T x, T y)
            where T : struct, IElements<T>
        {
            T gradient = T.FusedMultiplyAdd(T.Broadcast(decay), x, y / T.Broadcast(exampleCount));
            return T.FusedMultiplyAdd(T.Broadcast(-rate), gradient, x);
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
