using System.Globalization;

namespace Backprop.Core.Model;

/// <summary>Neurons a layer, from the input (layer 1) to the output (layer L): the chapter's <c>sizes</c>.</summary>
public sealed class NetworkShape
{
    /// <summary>More neurons than this in one layer is taken for a mistake.</summary>
    public const int MaximumLayerSize = 1 << 20;

    /// <summary>More parameters than this do not fit into one array a layer.</summary>
    public const long MaximumParameterCount = 1L << 30;

    /// <exception cref="ArgumentException">Fewer than two layers, or a size out of range.</exception>
    public NetworkShape(params int[] sizes)
    {
        if (sizes.Length < 2)
            throw new ArgumentException($"A network of {sizes.Length} layers; it needs an input and an output layer, such as 64-30-10.");
        foreach (int size in sizes)
        {
            if (size is < 1 or > MaximumLayerSize)
                throw new ArgumentException($"A layer of {size} neurons; from 1 to {MaximumLayerSize} fit.");
        }

        Sizes = sizes.ToArray();
        if (ParameterCount > MaximumParameterCount)
            throw new ArgumentException($"A network of {ParameterCount} weights and biases; at most {MaximumParameterCount} fit.");
    }

    public IReadOnlyList<int> Sizes { get; }

    /// <summary>Layers with weights: L − 1.</summary>
    public int LayerCount => Sizes.Count - 1;

    public int Inputs => Sizes[0];

    public int Outputs => Sizes[^1];

    /// <summary>All weights and biases.</summary>
    public long ParameterCount
    {
        get
        {
            long count = 0;
            for (int layer = 1; layer < Sizes.Count; layer++)
                count += ((long)Sizes[layer - 1] + 1) * Sizes[layer];
            return count;
        }
    }

    /// <summary>Reads "784-30-10".</summary>
    /// <exception cref="ArgumentException">The text is not sizes joined by hyphens.</exception>
    public static NetworkShape Parse(string text)
    {
        string[] parts = text.Split('-');
        int[] sizes = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out sizes[i]))
                throw new ArgumentException($"'{text}' is not a network; write the neurons a layer joined by hyphens, such as 784-30-10.");
        }

        return new NetworkShape(sizes);
    }

    public override string ToString() => string.Join('-', Sizes);
}
