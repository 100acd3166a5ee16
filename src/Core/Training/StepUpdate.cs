using Backprop.Core.Elements;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;

namespace Backprop.Core.Training;

/// <summary>
/// Adds the two halves of a sum, looks at it and updates by it, a portion of the model after the other.
/// </summary>
internal sealed class StepUpdate(ModelPortions portions) : ITeamWork
{
    /// <summary>8 KiB.</summary>
    private const int BlockLength = 2048;

    private IOptimizer optimizer = null!;
    private Parameters parameters = null!;
    private Parameters updated = null!;
    private RootSum sum;
    private float limit;
    private double learningRate;
    private OptimizerState state = null!;
    private bool isForOthers;
    private volatile bool exceeded;

    /// <summary>Looks at the sum and changes nothing.</summary>
    public bool OnlyLooks { get; set; }

    /// <summary>An element of the sum is beyond the limit.</summary>
    public bool Exceeded => exceeded;

    /// <summary>Names the next step, all layers of it.</summary>
    /// <param name="areForOthers">Other cores read next what is updated.</param>
    public void Prepare(
        IOptimizer stepOptimizer, Parameters before, Parameters after, RootSum gradient, float largest, double rate, OptimizerState optimizerState,
        bool areForOthers)
    {
        (optimizer, parameters, updated, sum) = (stepOptimizer, before, after, gradient);
        (limit, learningRate, state) = (largest, rate, optimizerState);
        (OnlyLooks, exceeded, isForOthers) = (false, false, areForOthers);
    }

    public void Execute(int thread, int threadCount)
    {
        while (portions.TryTake(out ModelPortions.Portion portion) && !exceeded)
        {
            if (OnlyLooks ? !IsWithin(portion) : !TryUpdate(portion))
                exceeded = true;
        }

        // What this thread has written past the caches is seen before whatever it writes from now on.
        if (isForOthers)
            Interlocked.MemoryBarrier();
    }

    private bool TryUpdate(ModelPortions.Portion portion)
    {
        (int layer, Range numbers, bool areBiases) = portion;
        var slice = new StepSlice
        {
            Values = parameters.Layers[layer].Numbers.Span[numbers],
            Velocity = state.Velocity is { } velocity ? velocity.Layers[layer].Numbers.Span[numbers] : default,
            Sum = sum.Left[layer].Numbers.Span[numbers],
            OtherHalf = sum.Right is { } right ? right[layer].Numbers.Span[numbers] : default,
            Updated = updated.Layers[layer].Numbers.Span[numbers],
            AreBiases = areBiases,
            IsForOthers = isForOthers,
        };
        return optimizer.TryUpdate(slice, sum.Totals.ExampleCount, learningRate, limit);
    }

    /// <summary>Looks at the sum, some numbers at a time, so that it is never written to memory.</summary>
    private bool IsWithin(ModelPortions.Portion portion)
    {
        ReadOnlySpan<float> left = sum.Left[portion.Layer].Numbers.Span[portion.Numbers];
        if (sum.Right is null)
            return Finite.AllWithin(left, limit);
        ReadOnlySpan<float> right = sum.Right[portion.Layer].Numbers.Span[portion.Numbers];
        Span<float> added = stackalloc float[BlockLength];
        for (int begin = 0; begin < left.Length; begin += BlockLength)
        {
            Range block = begin..Math.Min(begin + BlockLength, left.Length);
            Span<float> sums = added[..left[block].Length];
            ElementLoop.Map(default(Sum), left[block], right[block], sums);
            if (!Finite.AllWithin(sums, limit))
                return false;
        }

        return true;
    }
}
