using System.Runtime.InteropServices;
using Backprop.Core.Elements;

namespace Backprop.Core.Optimizers;

/// <summary>
/// The last addition of the tree, the look at the sum and the update, in one way through memory: an element's sum is never written. As many lanes at
/// once as the machine has; an element's bits do not depend on its place.
/// </summary>
internal static unsafe class StepLoop
{
    private const int LineBytes = 64;
    private const int LineNumbers = LineBytes / sizeof(float);

    /// <summary>(updated[i], velocity[i]) = update(values[i], velocity[i], sum[i] + otherHalf[i]).</summary>
    /// <param name="limit">Finite, at least 0: no element of the sum is to be farther from 0, or NaN.</param>
    /// <param name="lanes">The most to use, for tests: they hold every width against the others.</param>
    /// <returns>False: one is, and what was updated is of no use.</returns>
    public static bool TryRun<TUpdate>(TUpdate update, in StepSlice slice, float limit, int lanes = ElementLoop.Widest)
        where TUpdate : struct, IElementUpdate
    {
        fixed (float* updated = slice.Updated)
        {
            nuint length = (nuint)slice.Values.Length;
            nuint i = 0;
            bool isWithin = true;
            if (slice.IsForOthers)
            {
                // Whole cache lines pass the caches; those in which other numbers stand too do not.
                nuint head = nuint.Min(length, (nuint)(-(nint)updated & (LineBytes - 1)) / sizeof(float));
                nuint lines = (length - head) / LineNumbers * LineNumbers;
                isWithin = RunTo(head, passesCaches: false, slice, updated) & RunTo(head + lines, passesCaches: true, slice, updated);
            }

            return RunTo(length, passesCaches: false, slice, updated) & isWithin;

            bool RunTo(nuint end, bool passesCaches, in StepSlice slice, float* updated)
            {
                bool are = true;
                if (lanes >= Elements16.Count && Elements16.IsSupported)
                    are &= Run<TUpdate, Elements16>(update, slice, updated, limit, ref i, end, passesCaches);
                if (lanes >= Elements8.Count && Elements8.IsSupported)
                    are &= Run<TUpdate, Elements8>(update, slice, updated, limit, ref i, end, passesCaches);
                if (lanes >= Elements4.Count && Elements4.IsSupported)
                    are &= Run<TUpdate, Elements4>(update, slice, updated, limit, ref i, end, passesCaches);
                return are & Run<TUpdate, Elements1>(update, slice, updated, limit, ref i, end, passesCaches);
            }
        }
    }

    /// <summary>Elements [i, end), as many as are whole vectors.</summary>
    private static bool Run<TUpdate, T>(TUpdate update, in StepSlice slice, float* updated, float limit, ref nuint i, nuint end, bool passesCaches)
        where TUpdate : struct, IElementUpdate
        where T : struct, IElements<T>
    {
        ref float values = ref MemoryMarshal.GetReference(slice.Values);
        ref float velocity = ref MemoryMarshal.GetReference(slice.Velocity);
        ref float sums = ref MemoryMarshal.GetReference(slice.Sum);
        ref float others = ref MemoryMarshal.GetReference(slice.OtherHalf);
        bool hasOthers = !slice.OtherHalf.IsEmpty;
        bool hasVelocity = !slice.Velocity.IsEmpty;
        T aboveLimit = T.Broadcast(MathF.BitIncrement(limit));
        T one = T.Broadcast(1);
        T beyond = T.Broadcast(0);
        nuint at = i;
        for (; at + (nuint)T.Count <= end; at += (nuint)T.Count)
        {
            T sum = T.Load(ref sums, at);
            if (hasOthers)
                sum += T.Load(ref others, at);
            beyond = T.Select(T.LessThan(T.Abs(sum), aboveLimit), beyond, one);
            T value = T.Load(ref values, at);
            T moving = hasVelocity ? T.Load(ref velocity, at) : sum;
            update.Update(ref value, ref moving, sum);
            if (hasVelocity)
                T.Store(moving, ref velocity, at);
            if (passesCaches)
                T.StorePastCaches(value, updated + at);
            else
                T.Store(value, ref *updated, at);
        }

        i = at;
        Span<float> found = stackalloc float[ElementLoop.Widest];
        found.Clear();
        T.Store(beyond, ref found[0], 0);
        return !found.ContainsAnyExcept(0);
    }
}
