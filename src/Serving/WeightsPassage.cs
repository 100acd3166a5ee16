using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Protos.Tensors;
using Backprop.Scheduling;

namespace Backprop.Serving;

/// <summary>
/// A step's weights while they come to exist: each part goes on to the workers that are sent weights when it is there, in the order in which all take
/// them. At the coordinator parts come from the update, at a relay from its coordinator. Used by one thread at a time.
/// </summary>
/// <remarks>
/// A worker takes nothing but the step's weights between the assignment that announces them and the last of them. So whoever is being
/// sent them gets what else it is given once they are whole, and whoever reads them in shared memory gets everything then.
/// </remarks>
internal sealed class WeightsPassage
{
    private readonly List<TensorPart[]> passed = [];
    private readonly HashSet<WorkerConnection> takers = [];
    private readonly List<(WorkerConnection Worker, Work Work, IReadOnlyList<ShardNode> Nodes)> waiting = [];
    private IReadOnlyList<LayerParameters> layers = [];
    private long step;

    /// <summary>Whether parts are still to come.</summary>
    public bool IsOpen { get; private set; }

    /// <param name="nextStep">Before which step these are the weights.</param>
    /// <param name="arriving">Where the parts stand once they have come.</param>
    public void Begin(long nextStep, IReadOnlyList<LayerParameters> arriving)
    {
        step = nextStep;
        layers = arriving;
        IsOpen = true;
    }

    /// <summary>Gives a worker nodes, and what has come of their weights, while <see cref="IsOpen"/>.</summary>
    public void Assign(WorkerConnection worker, Work work, IReadOnlyList<ShardNode> nodes)
    {
        if (worker.UsesSharedWeights || takers.Contains(worker))
        {
            waiting.Add((worker, work, nodes));
            return;
        }

        takers.Add(worker);
        worker.AssignAhead(work, nodes, passed);
    }

    /// <summary>Passes on what has come.</summary>
    /// <param name="came">Parts that were checked, and stand in their places.</param>
    public void Pass(IReadOnlyList<TensorPart> came)
    {
        // A relay may have got them in arrays that are used again.
        TensorPart[] parts = [.. came.Select(part => part with { Values = layers[part.Layer].Numbers.Slice(part.Offset, part.Values.Length) })];
        passed.Add(parts);
        foreach (WorkerConnection worker in takers)
            worker.PassWeights(step, parts);
    }

    /// <summary>All have come.</summary>
    /// <returns>Who was given what in the meantime, and is to be told now.</returns>
    public IReadOnlyList<(WorkerConnection Worker, Work Work, IReadOnlyList<ShardNode> Nodes)> End()
    {
        var due = waiting.ToArray();
        IsOpen = false;
        passed.Clear();
        takers.Clear();
        waiting.Clear();
        return due;
    }
}
