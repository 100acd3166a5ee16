using Backprop.Core.Elements;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;

namespace Backprop.Core.Training;

/// <summary>
/// Adds the two halves of a sum, looks at it and updates by it, some numbers at a time, so that a sum is gone through while
/// it is in the nearest cache and never written to memory.
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
        Span<float> scratch = stackalloc float[2 * BlockLength];
        while (portions.TryTake(out ModelPortions.Portion portion) && !exceeded)
            Process(portion, scratch[..BlockLength], scratch[BlockLength..]);
        PastCaches.Publish();
    }

    private void Process(ModelPortions.Portion portion, Span<float> sums, Span<float> results)
    {
        int layer = portion.Layer;
        ReadOnlySpan<float> left = sum.Left[layer].Numbers.Span;
        ReadOnlySpan<float> right = sum.Right is null ? default : sum.Right[layer].Numbers.Span;
        int end = portion.Numbers.End.Value;
        for (int begin = portion.Numbers.Start.Value; begin < end; begin += BlockLength)
        {
            Range block = begin..Math.Min(begin + BlockLength, end);
            ReadOnlySpan<float> gradient = left[block];
            if (!right.IsEmpty)
            {
                Span<float> added = sums[..gradient.Length];
                ElementLoop.Map(default(Sum), gradient, right[block], added);
                gradient = added;
            }

            if (!Finite.AllWithin(gradient, limit))
                exceeded = true;
            else if (!OnlyLooks)
                Update(portion, block, gradient, results[..gradient.Length]);
        }
    }

    private void Update(ModelPortions.Portion portion, Range block, ReadOnlySpan<float> gradient, Span<float> results)
    {
        Span<float> old = parameters.Layers[portion.Layer].Numbers.Span[block];
        Span<float> next = updated.Layers[portion.Layer].Numbers.Span[block];
        Span<float> velocity = state.Velocity is null ? default : state.Velocity.Layers[portion.Layer].Numbers.Span[block];
        optimizer.Update(old, velocity, gradient, isForOthers ? results : next, sum.Totals.ExampleCount, learningRate, portion.AreBiases);
        if (isForOthers)
            PastCaches.Copy(results, next);
    }
}
