using System.Collections.Concurrent;
using Backprop.Core.Model;

namespace Backprop.Serving;

/// <summary>Gradients of the model's size, used again from step to step.</summary>
internal sealed class GradientPool(NetworkShape shape)
{
    private readonly ConcurrentBag<GradientSum> free = [];

    public GradientSum Rent() => free.TryTake(out GradientSum? sum) ? sum : new GradientSum(shape);

    /// <summary>Gives a gradient back to where it came from: this pool, or a worker's slots.</summary>
    public void Return(GradientSum sum)
    {
        if (sum is SlotSum slot)
            slot.Return();
        else
            free.Add(sum);
    }
}
