using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>Runs the forward pass, by all threads where that pays, each layer as soon as its weights are there.</summary>
/// <param name="sharedWork">Multiply-adds below which waking other threads costs more than they save.</param>
internal sealed class SharedForward(ForwardWork work, NetworkShape shape, ThreadTeam team, long sharedWork)
{
    /// <summary>How many times as much a whole step has to be as the least product that is shared.</summary>
    private const int StepShare = 8;

    /// <summary>Says what the work is to be done on, all layers of it.</summary>
    /// <param name="examples">Null: the inputs stand in their place.</param>
    public void Place(ExampleSet? examples, int columns, Parameters parameters, IParameterGate gate)
    {
        (work.Examples, work.Columns, work.Parameters, work.Gate) = (examples, columns, parameters, gate);
        (work.FirstLayer, work.EndLayer) = (0, shape.LayerCount);
    }

    /// <summary>Examples, forward pass and whatever else the work is to compute of it.</summary>
    public void Run()
    {
        IParameterGate gate = work.Gate;
        if (gate.IsOpen)
        {
            Run(0, shape.LayerCount);
            return;
        }

        // Threads that have nothing to do until weights come sleep between two runs.
        Run(0, 0);
        work.Examples = null;
        work.Gate = IParameterGate.Open;
        for (int layer = 0; layer < shape.LayerCount; layer++)
        {
            gate.WaitForLayer(layer);
            Run(layer, layer + 1);
        }
    }

    /// <summary>Whether a layer's product with so many columns is worth waking other threads for.</summary>
    public bool IsShared(int layer, int columns) => IsShared(MultiplyAdds(layer, layer + 1, columns));

    /// <summary>Whether a whole step is, for which all threads have to be awake: forward, errors and sums are about as many multiply-adds each.</summary>
    public bool IsStepShared(int columns) => IsShared(3 * MultiplyAdds(0, shape.LayerCount, columns) / StepShare);

    /// <summary>Whether gathering so many examples is.</summary>
    public bool IsGatheringShared(int columns) => IsShared(GatheringOf(columns));

    private void Run(int firstLayer, int endLayer)
    {
        (work.FirstLayer, work.EndLayer) = (firstLayer, endLayer);
        long gathering = work.Examples is null ? 0 : GatheringOf(work.Columns);
        if (IsShared(gathering + MultiplyAdds(firstLayer, endLayer, work.Columns)))
            team.Run(work);
        else
            work.Execute(0, 1);
    }

    /// <summary>Copying an input takes about as long as some multiply-adds.</summary>
    private long GatheringOf(int columns) => 10L * shape.Inputs * columns;

    /// <summary>Of the products of layers [first, end).</summary>
    private long MultiplyAdds(int first, int end, int columns)
    {
        long sum = 0;
        for (int layer = first; layer < end; layer++)
            sum += (long)shape.Sizes[layer] * shape.Sizes[layer + 1] * columns;
        return sum;
    }

    private bool IsShared(long multiplyAdds) => team.ThreadCount > 1 && multiplyAdds >= sharedWork;
}
