using Backprop.Core.Model;

namespace Backprop.Protos.Tensors;

/// <summary>
/// Cuts layers into frames: small layers share one, large ones are cut. A frame's numbers stay where they stand.
/// </summary>
public static class TensorFrames
{
    /// <summary>Numbers a frame: 256 KiB, far below the message limit and large enough that frames cost little.</summary>
    public const int NumbersAtMost = 64 * 1024;

    /// <summary>Whether a model's first layer fills a frame, so that it is worth one more to send it before the layers after it exist.</summary>
    public static bool FirstLayerFillsOne(NetworkShape shape) =>
        shape.LayerCount > 1 && (long)shape.Sizes[1] * (shape.Sizes[0] + 1) >= NumbersAtMost;

    /// <summary>Appends a layer's W and b to the parts of the frame being filled; full frames go out.</summary>
    /// <param name="parts">The frame being filled; its parts may be of layers before.</param>
    /// <param name="send">Takes the parts of a full frame.</param>
    public static void Append(List<TensorPart> parts, int layer, LayerParameters values, Action<TensorPart[]> send)
    {
        int start = 0;
        while (start < values.Count)
        {
            int room = NumbersAtMost - CountOf(parts);
            int count = Math.Min(room, values.Count - start);
            parts.Add(new TensorPart(layer, start, values.Numbers.Slice(start, count)));
            start += count;
            if (count == room)
            {
                send([.. parts]);
                parts.Clear();
            }
        }
    }

    /// <summary>Numbers in the parts.</summary>
    public static int CountOf(List<TensorPart> parts)
    {
        int count = 0;
        foreach (TensorPart part in parts)
            count += part.Values.Length;
        return count;
    }
}
