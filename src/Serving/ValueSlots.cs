using Backprop.Core.Model;
using Backprop.Protos.SharedMemory;

namespace Backprop.Serving;

/// <summary>
/// A worker's slots for node values in memory that both map. A slot is free, or the worker's to write, or holds a value that
/// the run looks at and adds to where it stands, until it is given back.
/// </summary>
/// <param name="shared">Null: there are none.</param>
internal sealed class ValueSlots(SharedModels? shared)
{
    /// <summary>Models whose values stay in a core's own cache until they are written again, and are large enough for that to take time.</summary>
    private const long LeastTakenOver = 1 << 14;
    private const long MostTakenOver = 1 << 16;

    private readonly Lock gate = new();
    private readonly Stack<int> free = new(Enumerable.Range(0, shared?.Count ?? 0));
    private readonly SlotSum?[] sums = new SlotSum?[shared?.Count ?? 0];

    /// <summary>Slots for so many values; null when there are fewer.</summary>
    public int[]? Take(int count)
    {
        lock (gate)
        {
            if (free.Count < count)
                return null;
            int[] taken = new int[count];
            for (int i = 0; i < count; i++)
                taken[i] = free.Pop();
            return taken;
        }
    }

    /// <summary>The value in a slot, held in memory until it goes back to <see cref="GradientPool.Return"/>.</summary>
    /// <exception cref="ObjectDisposedException">The memory is gone.</exception>
    public GradientSum Value(int slot)
    {
        shared!.Hold();
        return sums[slot] ??= new SlotSum(shared[slot].Layers, () => TakeOver(slot), () => Free(slot));
    }

    private void TakeOver(int slot)
    {
        if (shared![slot].Shape.ParameterCount is >= LeastTakenOver and <= MostTakenOver)
            shared.TakeOver(slot);
    }

    private void Free(int slot)
    {
        lock (gate)
            free.Push(slot);
        shared!.Release();
    }
}

/// <summary>A gradient in a slot of shared memory.</summary>
internal sealed class SlotSum(IReadOnlyList<LayerParameters> layers, Action takeOver, Action free) : GradientSum(layers)
{
    /// <inheritdoc cref="SharedModels.TakeOver"/>
    public void TakeOver() => takeOver();

    public void Return() => free();
}
