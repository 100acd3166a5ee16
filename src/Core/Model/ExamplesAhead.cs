using System.Numerics;
using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>
/// The next step's examples, gathered into the forward pass's inputs while nothing else is to be done; the next step begins with the first
/// layer if it asks for exactly these.
/// </summary>
internal sealed class ExamplesAhead(ForwardPass forward, int threadCount) : ITeamWork
{
    /// <summary>Columns gathered at once, at first: some microseconds' work, since whoever a value has woken may be waiting for the core.</summary>
    private const int FirstPortion = 32;

    /// <summary>Each portion is twice the one before up to so many: giving a core away takes as long as gathering some tens of columns.</summary>
    private const int LargestPortion = 256;

    // Of each thread's columns, how many portions are taken, and whether it has no use for this step's any more.
    private readonly int[] taken = new int[threadCount];
    private readonly bool[] isFree = new bool[threadCount];
    private readonly ColumnRange[] columns = new ColumnRange[threadCount];
    private ExampleSet? examples;

    public int Count { get; private set; }

    /// <summary>True when they have been gathered and nothing has come in their place.</summary>
    public bool AreThere { get; private set; }

    /// <summary>True when the inputs are these.</summary>
    public bool Are(ExampleSet wanted, ReadOnlySpan<int> positions) =>
        AreThere && examples == wanted && positions.SequenceEqual(forward.IndicesAhead(Count));

    /// <summary>Says which are to be gathered.</summary>
    public void Place(ExampleSet source, ReadOnlySpan<int> positions)
    {
        Forget();
        positions.CopyTo(forward.IndicesAhead(positions.Length));
        (examples, Count) = (source, positions.Length);
        Array.Clear(taken);
        Array.Clear(isFree);
    }

    /// <summary>Gathers a thread's share, where no thread has use for this step's any more.</summary>
    public void Execute(int thread, int threads)
    {
        Offer(thread, ColumnRange.Of(Count, thread, threads));
        GatherOffered(thread);
    }

    /// <summary>A thread has no use for this step's columns any more: whoever is free may gather into them.</summary>
    public void Offer(int thread, ColumnRange own)
    {
        columns[thread] = own;
        Volatile.Write(ref isFree[thread], true);
    }

    /// <summary>Gathers what is offered and not taken, a thread's own first. Waits for none.</summary>
    public void GatherOffered(int thread)
    {
        for (int i = 0; i < threadCount; i++)
        {
            int owner = (thread + i) % threadCount;
            while (Volatile.Read(ref isFree[owner]) && TryGatherPortion(owner))
            {
                // Whoever is to use what was handed out may be waiting for this core.
                Thread.Yield();
            }
        }
    }

    /// <summary>Gathers what is left, now that all columns are offered and no thread is at work.</summary>
    public void Complete()
    {
        GatherOffered(0);
        AreThere = true;
    }

    /// <summary>Other examples stand in the inputs.</summary>
    public void Forget() => AreThere = false;

    private bool TryGatherPortion(int owner)
    {
        ColumnRange all = columns[owner];
        int portion = Interlocked.Increment(ref taken[owner]) - 1;
        int first = BeginOf(portion);
        if (first >= all.Count)
            return false;
        forward.GatherAhead(examples!, new ColumnRange(all.First + first, Math.Min(BeginOf(portion + 1), all.Count) - first));
        return true;
    }

    private static int BeginOf(int portion)
    {
        int doublings = Math.Min(portion, BitOperations.Log2(LargestPortion / FirstPortion));
        return (FirstPortion * ((1 << doublings) - 1)) + ((portion - doublings) * LargestPortion);
    }
}
