using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>
/// Takes columns from their examples to costs and output error: each thread its own from one end to the other, so that threads
/// meet only when all is done.
/// </summary>
/// <param name="products">One a thread.</param>
internal sealed class ForwardWork(ForwardPass forward, OutputCosts costs, BackwardPass backward, MatrixProduct[] products) : ITeamWork
{
    /// <summary>What is gathered before the first layer; null: nothing.</summary>
    public ExampleSet? Examples { get; set; }

    public int Columns { get; set; }

    public Parameters? Parameters { get; set; }

    /// <summary>Is asked by the caller's part alone, before each layer.</summary>
    public IParameterGate Gate { get; set; } = IParameterGate.Open;

    public int FirstLayer { get; set; }

    /// <summary>The layer before which to end.</summary>
    public int EndLayer { get; set; }

    /// <summary>Costs are wanted after the last layer.</summary>
    public bool WithCosts { get; set; }

    /// <summary>The output error is wanted after the last layer.</summary>
    public bool WithError { get; set; }

    public void Execute(int thread, int threadCount) => Execute(thread, ColumnRange.Of(Columns, thread, threadCount));

    /// <summary>The thread's part, where its columns are these.</summary>
    public void Execute(int thread, ColumnRange own)
    {
        if (Examples is not null)
            forward.Gather(Examples, own);
        for (int layer = FirstLayer; layer < EndLayer; layer++)
        {
            if (thread == 0)
                Gate.WaitForLayer(layer);
            forward.Carry(layer, Parameters!.Layers[layer], products[thread], own);
        }

        if (EndLayer < forward.LayerCount)
            return;
        if (WithCosts)
            costs.Compute(own);
        if (WithError)
            backward.OutputError(own);
    }
}
