using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>
/// The next step's examples, gathered into the forward pass's inputs while nothing else is to be done; the next step begins with the first
/// layer if it asks for exactly these.
/// </summary>
internal sealed class ExamplesAhead(ForwardPass forward) : ITeamWork
{
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
    }

    /// <summary>Gathers a thread's columns: this step's are no longer there.</summary>
    public void Execute(int thread, int threadCount) => Gather(ColumnRange.Of(Count, thread, threadCount));

    /// <summary>Gathers these columns: this step's are no longer there.</summary>
    public void Gather(ColumnRange columns) => forward.GatherAhead(examples!, columns);

    /// <summary>All columns have been gathered.</summary>
    public void Complete() => AreThere = true;

    /// <summary>Other examples stand in the inputs.</summary>
    public void Forget() => AreThere = false;
}
