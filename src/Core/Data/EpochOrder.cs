namespace Backprop.Core.Data;

/// <summary>
/// π(seed, e): the order in which epoch e visits the training examples. Any process computes it by itself, for any
/// epoch, without the epochs before.
/// </summary>
public static class EpochOrder
{
    /// <returns>A permutation of 0 … count − 1; the identity without shuffling.</returns>
    public static int[] Create(ulong seed, int epoch, int count, bool shuffle)
    {
        int[] order = new int[count];
        Fill(seed, epoch, shuffle, order);
        return order;
    }

    /// <summary>Fisher and Yates' shuffle of 0 … n − 1, from the last place down, into an array that is there.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The epoch is negative.</exception>
    public static void Fill(ulong seed, int epoch, bool shuffle, Span<int> order)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        for (int i = 0; i < order.Length; i++)
            order[i] = i;
        if (!shuffle)
            return;

        var random = new RandomSource(seed, RandomPurpose.EpochOrder, (ulong)epoch);
        for (int last = order.Length - 1; last > 0; last--)
        {
            int other = random.NextInt(last + 1);
            (order[last], order[other]) = (order[other], order[last]);
        }
    }
}
