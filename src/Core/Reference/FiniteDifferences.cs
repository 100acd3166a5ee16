using Backprop.Core.Data;

namespace Backprop.Core.Reference;

/// <summary>The gradient from costs alone: one weight or bias after the other is moved by ε, and the cost computed anew.</summary>
/// <remarks>Nielsen, chapter 2, (46).</remarks>
public static class FiniteDifferences
{
    private const ulong SampleStream = 0x5341_4D50_4C45_0046;

    /// <summary>(C(w + ε) − C(w))/ε, with an error of O(ε).</summary>
    /// <param name="indices">The weights and biases, numbered as in <see cref="ReferenceParameters"/>.</param>
    public static FiniteDifferenceEstimates OneSided(
        ReferenceNetwork network, ReferenceBatch batch, double epsilon, IReadOnlyList<int> indices)
    {
        var costs = new PerturbedCost(network, batch);
        double[] values = new double[indices.Count];
        bool[] crosses = new bool[indices.Count];
        for (int i = 0; i < values.Length; i++)
        {
            double forward = costs.At(indices[i], epsilon, out crosses[i]);
            values[i] = (forward - costs.Unperturbed) / epsilon;
        }

        return new FiniteDifferenceEstimates(indices, values, crosses, indices.Count + 1L);
    }

    /// <summary>(C(w + ε) − C(w − ε))/2ε, with an error of O(ε²).</summary>
    /// <param name="indices">The weights and biases, numbered as in <see cref="ReferenceParameters"/>.</param>
    public static FiniteDifferenceEstimates Central(
        ReferenceNetwork network, ReferenceBatch batch, double epsilon, IReadOnlyList<int> indices)
    {
        var costs = new PerturbedCost(network, batch);
        double[] values = new double[indices.Count];
        bool[] crosses = new bool[indices.Count];
        for (int i = 0; i < values.Length; i++)
        {
            double forward = costs.At(indices[i], epsilon, out bool crossesForward);
            double backward = costs.At(indices[i], -epsilon, out bool crossesBackward);
            values[i] = (forward - backward) / (2 * epsilon);
            crosses[i] = crossesForward || crossesBackward;
        }

        return new FiniteDifferenceEstimates(indices, values, crosses, 2L * indices.Count);
    }

    /// <summary>All numbers below <paramref name="count"/>, or a random choice of <paramref name="sample"/> of them, in ascending order.</summary>
    public static IReadOnlyList<int> ChooseParameters(int count, int sample, ulong seed)
    {
        if (sample >= count)
            return [.. Enumerable.Range(0, count)];

        var random = new RandomSource(seed, SampleStream);
        var chosen = new List<int>(sample);
        for (int index = 0; chosen.Count < sample; index++)
        {
            // Each of the numbers left is equally likely to fill each of the places left.
            if (random.NextInt(count - index) < sample - chosen.Count)
                chosen.Add(index);
        }

        return chosen;
    }

    /// <summary>C as a function of one moved weight or bias, over a copy of the network's numbers.</summary>
    private sealed class PerturbedCost
    {
        private readonly ReferenceNetwork network;
        private readonly ReferenceBatch batch;
        private readonly bool[] sides;

        public PerturbedCost(ReferenceNetwork original, ReferenceBatch batch)
        {
            network = original.With(original.Parameters.Copy());
            this.batch = batch;
            ReferenceForwardPass forward = ReferenceForwardPass.Run(network, batch.Inputs);
            Unperturbed = forward.TotalCost(batch.Targets);
            sides = [.. SidesOfKinks(forward)];
        }

        public double Unperturbed { get; }

        /// <param name="crossesKink">Whether some neuron's z went from one side of its function's kink to the other.</param>
        public double At(int index, double step, out bool crossesKink)
        {
            double value = network.Parameters[index];
            network.Parameters[index] = value + step;
            ReferenceForwardPass forward = ReferenceForwardPass.Run(network, batch.Inputs);
            network.Parameters[index] = value;
            crossesKink = sides.Length > 0 && !SidesOfKinks(forward).SequenceEqual(sides);
            return forward.TotalCost(batch.Targets);
        }

        private IEnumerable<bool> SidesOfKinks(ReferenceForwardPass forward)
        {
            for (int layer = 0; layer < forward.WeightedInputs.Count; layer++)
            {
                int rows = forward.WeightedInputs[layer].RowCount;
                double[] z = forward.WeightedInputs[layer].Values;
                for (int i = 0; i < z.Length; i++)
                {
                    if (network.Activations[layer].HasKink(i % rows))
                        yield return z[i] > 0;
                }
            }
        }
    }
}
