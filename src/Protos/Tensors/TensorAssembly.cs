using Backprop.Core.Model;

namespace Backprop.Protos.Tensors;

/// <summary>
/// Puts received parts where they belong, every number exactly once: layers in one direction, each from offset 0 on
/// without a gap, so that what is missing is always known.
/// </summary>
public sealed class TensorAssembly
{
    private readonly bool descending;
    private IReadOnlyList<LayerParameters>? destination;
    private int layer;
    private int offset;

    /// <param name="descending">True for gradients (the last layer first), false for weights.</param>
    public TensorAssembly(bool descending) => this.descending = descending;

    /// <summary>True from <see cref="Begin"/> until the last number has come.</summary>
    public bool IsActive => destination is not null;

    /// <summary>Layers that have come whole since <see cref="Begin"/>.</summary>
    public int CompleteLayers { get; private set; }

    /// <param name="layers">Receives the numbers.</param>
    public void Begin(IReadOnlyList<LayerParameters> layers)
    {
        destination = layers;
        layer = descending ? layers.Count - 1 : 0;
        offset = 0;
        CompleteLayers = 0;
    }

    /// <summary>Forgets what has come so far.</summary>
    public void Abandon() => destination = null;

    /// <summary>Copies a part to its place, unless it was read into it.</summary>
    /// <returns>True when it was the last one.</returns>
    /// <exception cref="MalformedMessageException">Not the part that comes next; the message has both shapes.</exception>
    public bool Accept(TensorPart part)
    {
        if (destination is null)
            throw new MalformedMessageException($"numbers of layer {part.Layer} after the last layer was complete");
        LayerParameters target = destination[layer];
        if (part.Layer != layer || part.Offset != offset || part.Values.Length > target.Count - offset)
        {
            throw new MalformedMessageException(
                $"numbers [{part.Offset}, {part.Offset + (long)part.Values.Length}) of layer {part.Layer} where layer "
                + $"{layer} of {target.Outputs}x{target.Inputs} weights and {target.Outputs} biases goes on at number "
                + $"{offset} of {target.Count}");
        }

        Span<float> place = target.Numbers.Span.Slice(offset, part.Values.Length);
        if (part.Values.Span != place)
            part.Values.Span.CopyTo(place);
        offset += part.Values.Length;
        if (offset < target.Count)
            return false;
        offset = 0;
        CompleteLayers++;
        layer += descending ? -1 : 1;
        if (CompleteLayers < destination.Count)
            return false;
        destination = null;
        return true;
    }
}
