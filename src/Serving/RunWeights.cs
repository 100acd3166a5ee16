using Backprop.Core.Model;

namespace Backprop.Serving;

/// <summary>
/// The run's weights, step after step. Those of a step stay as they are until no worker owes a value for them: whoever is late
/// may still read them in shared memory, or have them before it in its call.
/// </summary>
internal sealed class RunWeights
{
    private readonly SharedWeights shared;
    private readonly Func<long, bool> isOwed;
    private readonly List<Copy> copies;
    private bool usesShared;
    private Copy current;
    private Copy? next;

    /// <param name="initial">The weights before the step; not changed.</param>
    /// <param name="isOwed">Whether a worker still owes a value that a step's weights are for.</param>
    public RunWeights(Parameters initial, long step, SharedWeights shared, Func<long, bool> isOwed)
    {
        this.shared = shared;
        this.isOwed = isOwed;
        current = new Copy(initial.Copy(), null) { Step = step };
        copies = [current];
    }

    /// <summary>The weights after the last committed step.</summary>
    public Parameters Current => current.Parameters;

    /// <summary>Sees to it that the current weights stand in the shared memory.</summary>
    /// <returns>In which place; null where there is none: they are to be sent.</returns>
    public int? Share()
    {
        if (current.Place is null && FreeShared() is { } copy)
        {
            current.Parameters.CopyTo(copy.Parameters);
            copy.Step = current.Step;
            current = copy;
        }

        return current.Place;
    }

    /// <summary>Where the next step's weights are to be written.</summary>
    public Parameters Next()
    {
        next = FreeShared() ?? copies.Find(IsFree);
        if (next is null)
            copies.Add(next = new Copy(new Parameters(Current.Shape), null));
        return next.Parameters;
    }

    /// <summary>Whether workers read what is written to <see cref="Next"/> where it stands.</summary>
    public bool IsNextShared => next?.Place is not null;

    /// <summary>What was written to <see cref="Next"/>, or will be before anybody is given it whole, is current now.</summary>
    /// <param name="step">Before which step these are the weights.</param>
    public void Advance(long step)
    {
        Copy written = next ?? throw new InvalidOperationException("No weights were written.");
        written.Step = step;
        current = written;
        next = null;
    }

    private Copy? FreeShared()
    {
        if (!usesShared && shared.MemoryInUse is { } memory)
        {
            for (int place = 0; place < memory.Count; place++)
                copies.Add(new Copy(memory[place], place));
            usesShared = true;
        }

        foreach (Copy copy in copies)
        {
            if (copy.Place is not null && IsFree(copy))
                return copy;
        }

        return null;
    }

    private bool IsFree(Copy copy) => copy != current && (copy.Step is not { } step || !isOwed(step));

    private sealed class Copy(Parameters parameters, int? place)
    {
        public Parameters Parameters => parameters;

        public int? Place => place;

        /// <summary>Before which step these are the weights; null: of none yet.</summary>
        public long? Step { get; set; }
    }
}
