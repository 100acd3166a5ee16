using Backprop.Core.Model;
using Backprop.Protos.Tensors;

namespace Backprop.Scale.Simulation;

/// <summary>
/// A model's numbers in messages as the program cuts them: full ones as soon as layers fill them, the rest in the last. Left out is that a first layer of weights that fills
/// one is ended by a message of its own.
/// </summary>
internal sealed class FrameCut
{
    private readonly long[] layerEnds;
    private readonly long[] endsFromLast;

    public FrameCut(NetworkShape shape)
    {
        long[] counts = [.. shape.Sizes.Zip(shape.Sizes.Skip(1), (inputs, outputs) => ((long)inputs + 1) * outputs)];
        Numbers = counts.Sum();
        layerEnds = Sums(counts);
        endsFromLast = Sums([.. counts.Reverse()]);
        var ends = new List<long>();
        for (long end = TensorFrames.NumbersAtMost; end < Numbers; end += TensorFrames.NumbersAtMost)
            ends.Add(end);
        Ends = [.. ends, Numbers];
    }

    /// <summary>All weights and biases.</summary>
    public long Numbers { get; }

    /// <summary>Of each message: the numbers up to its end.</summary>
    public IReadOnlyList<long> Ends { get; }

    /// <summary>Bytes of a message.</summary>
    public double BytesOf(int frame) => (Ends[frame] - (frame == 0 ? 0 : Ends[frame - 1])) * sizeof(float);

    /// <summary>Layers, from the first, whose weights are among so many numbers.</summary>
    public int LayersWithin(long numbers) => layerEnds.Count(end => end <= numbers);

    /// <summary>Numbers of the gradients of so many layers, from the last.</summary>
    public long NumbersOfLast(int layers) => layers == 0 ? 0 : endsFromLast[layers - 1];

    private static long[] Sums(long[] counts)
    {
        long sum = 0;
        return [.. counts.Select(count => sum += count)];
    }
}
