using System.Globalization;

namespace Backprop.Peers;

/// <summary>A network and the examples of a step.</summary>
internal sealed record Contest(string Layers, int MiniBatch)
{
    private const int TrainingExamples = 60_000;

    /// <summary>Floating-point operations an example: 6·Σ n[l]·n[l−1] − 2·n[1]·n[2], for no error goes back to the inputs.</summary>
    public double Operations
    {
        get
        {
            double[] sizes = [.. Layers.Split('-').Select(size => double.Parse(size, CultureInfo.InvariantCulture))];
            double products = sizes.Zip(sizes.Skip(1), (inputs, outputs) => inputs * outputs).Sum();
            return (6 * products) - (2 * sizes[0] * sizes[1]);
        }
    }

    /// <summary>So small a mini-batch is what textbooks train with; who compares then is who wrote the textbook's program.</summary>
    public bool IsTextbooks => MiniBatch < 32;

    /// <summary>A step so short that it is as much messages as computing: one process of the peer has none to wait for.</summary>
    public bool IsSmall => MiniBatch is >= 32 and < 256;

    /// <summary>Mini-batches with which two workers should make nearly twice what one makes.</summary>
    public bool IsWorthWorkers => MiniBatch >= 1024;

    public string Activations =>
        string.Join(',', Enumerable.Repeat("relu", Layers.Count(letter => letter == '-') - 1).Append("softmax"));

    public int StepsOf(int epochs) => TrainingExamples / MiniBatch * epochs;

    /// <exception cref="PeerException">Not such a text.</exception>
    public static Contest Parse(string text)
    {
        string[] parts = text.Split('@');
        return parts.Length == 2 && int.TryParse(parts[1], CultureInfo.InvariantCulture, out int miniBatch) && miniBatch is > 1 and <= TrainingExamples
            && parts[0].Split('-') is { Length: > 2 } sizes && sizes.All(size => int.TryParse(size, out int count) && count > 0)
            ? new Contest(parts[0], miniBatch)
            : throw new PeerException($"--networks {text} does not fit; it takes such as 784-30-10@64, with mini-batches of 2 to {TrainingExamples} examples.");
    }

    public override string ToString() => $"{Layers}@{MiniBatch}";
}

/// <summary>A peer or a program that cannot be measured, in one line.</summary>
internal sealed class PeerException(string message) : Exception(message);
