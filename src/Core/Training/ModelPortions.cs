using Backprop.Core.Model;

namespace Backprop.Core.Training;

/// <summary>
/// A model's numbers in portions, which threads take one after another until none is left: one that the system wakes late
/// takes fewer of them, and is waited for no longer than a portion takes.
/// </summary>
internal sealed class ModelPortions
{
    /// <summary>64 KiB of each array that is gone through: tens of microseconds at most.</summary>
    private const int Length = 1 << 14;

    private readonly Portion[] portions;
    private readonly int[] firstOfLayer;
    private int next;
    private int end;

    public ModelPortions(NetworkShape shape)
    {
        var all = new List<Portion>();
        firstOfLayer = new int[shape.LayerCount + 1];
        for (int layer = 0; layer < shape.LayerCount; layer++)
        {
            int weights = shape.Sizes[layer] * shape.Sizes[layer + 1];
            all.AddRange(Cut(layer, 0, weights, areBiases: false));
            all.AddRange(Cut(layer, weights, weights + shape.Sizes[layer + 1], areBiases: true));
            firstOfLayer[layer + 1] = all.Count;
        }

        portions = [.. all];
    }

    /// <summary>Has all portions of layers [first, end) taken once. Nobody may be taking any.</summary>
    public void Offer(int firstLayer, int endLayer) => (next, end) = (firstOfLayer[firstLayer], firstOfLayer[endLayer]);

    /// <summary>The next portion that no other thread has; false when all are taken.</summary>
    public bool TryTake(out Portion portion)
    {
        int taken = Interlocked.Increment(ref next) - 1;
        portion = taken < end ? portions[taken] : default;
        return taken < end;
    }

    private static IEnumerable<Portion> Cut(int layer, int begin, int end, bool areBiases)
    {
        for (; begin < end; begin += Length)
            yield return new Portion(layer, begin..Math.Min(begin + Length, end), areBiases);
    }

    /// <summary>Numbers of one layer, of its weights alone or of its biases.</summary>
    internal readonly record struct Portion(int Layer, Range Numbers, bool AreBiases);
}
