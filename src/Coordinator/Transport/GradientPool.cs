using System.Collections.Concurrent;
using Backprop.Core.Model;

namespace Backprop.Coordinator.Transport;

/// <summary>Gradients of the model's size, used again from step to step.</summary>
internal sealed class GradientPool(NetworkShape shape)
{
    private readonly ConcurrentBag<GradientSum> free = [];

    public GradientSum Rent() => free.TryTake(out GradientSum? sum) ? sum : new GradientSum(shape);

    public void Return(GradientSum sum) => free.Add(sum);
}
