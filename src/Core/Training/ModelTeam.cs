using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Sharding;

namespace Backprop.Core.Training;

/// <summary>
/// What is done to a whole model element by element, by several threads where the model is large: it takes as long as its
/// numbers take through memory. An element's bits do not depend on who takes it. For one thread at a time.
/// </summary>
public sealed class ModelTeam
{
    /// <summary>Numbers below which it takes longer to wake a thread than it would save.</summary>
    private const int WorthSharing = 1 << 17;

    /// <summary>It waits for memory: more threads than this do not make it faster.</summary>
    private const int ThreadsAtMost = 8;

    private readonly ThreadTeam team;
    private readonly bool isShared;
    private readonly int layerCount;
    private readonly ModelPortions portions;
    private readonly Adding adding;
    private readonly StepUpdate update;

    /// <param name="team">Works on nothing else meanwhile.</param>
    /// <param name="shape">Of all models that this works on.</param>
    public ModelTeam(ThreadTeam team, NetworkShape shape)
    {
        this.team = team;
        isShared = IsLarge(shape);
        layerCount = shape.LayerCount;
        portions = new ModelPortions(shape);
        adding = new Adding(portions);
        update = new StepUpdate(portions);
    }

    /// <summary>Whether models of this shape take so long that another thread helps.</summary>
    public static bool IsLarge(NetworkShape shape) => shape.ParameterCount >= WorthSharing;

    /// <summary>How many threads models of this shape have work for, on this machine.</summary>
    public static int ThreadsFor(NetworkShape shape) => IsLarge(shape) ? Math.Min(Environment.ProcessorCount, ThreadsAtMost) : 1;

    /// <summary>target ← left + right, as <see cref="ReductionTree.Add(GradientSum, GradientSum)"/> does; both have examples.</summary>
    /// <param name="target">May be one of the two.</param>
    public void Add(GradientSum left, GradientSum right, GradientSum target)
    {
        (adding.Left, adding.Right, adding.Target) = (left.Layers, right.Layers, target.Layers);
        Run(adding, 0, layerCount);
        target.Totals = left.Totals + right.Totals;
    }

    /// <summary>
    /// The step: updated ← W − η·(∇W/m), with the last addition of the tree, the look at its sum and the update in one way through
    /// memory.
    /// </summary>
    /// <param name="updated">Other memory than the parameters'.</param>
    /// <param name="sum">∇W and ∇b.</param>
    /// <param name="limit">No element of the sum is to be farther from 0, or NaN.</param>
    /// <returns>False: one is, or the cost is not finite; parameters and state are as they were, and what was updated is of no use.</returns>
    public bool TryUpdate(
        IOptimizer optimizer, Parameters parameters, Parameters updated, RootSum sum, float limit, double learningRate,
        OptimizerState state) =>
        TryBeginUpdate(optimizer, parameters, updated, sum, limit, learningRate, state, areForOthers: false) && TryUpdate(0, parameters.Layers.Count);

    /// <summary>Names the step whose layers are then to be updated, all of them, by <see cref="TryUpdate(int, int)"/>.</summary>
    /// <inheritdoc cref="TryUpdate(IOptimizer, Parameters, Parameters, RootSum, float, double, OptimizerState)"/>
    /// <param name="areForOthers">Other cores read next what is updated.</param>
    public bool TryBeginUpdate(
        IOptimizer optimizer, Parameters parameters, Parameters updated, RootSum sum, float limit, double learningRate,
        OptimizerState state, bool areForOthers)
    {
        if (!double.IsFinite(sum.Totals.Cost))
            return false;
        update.Prepare(optimizer, parameters, updated, sum, limit, learningRate, state, areForOthers);

        // A velocity that was advanced does not come back: where there is one, the look comes first.
        if (state.Velocity is not null)
        {
            update.OnlyLooks = true;
            Run(update, 0, layerCount);
            if (update.Exceeded)
                return false;
            update.OnlyLooks = false;
        }

        return true;
    }

    /// <summary>Updates layers [first, end) of the step.</summary>
    /// <returns>False: an element of their sums is too far from 0, or NaN.</returns>
    public bool TryUpdate(int first, int end)
    {
        Run(update, first, end);
        return !update.Exceeded;
    }

    /// <summary>Has the work done for layers [first, end).</summary>
    private void Run(ITeamWork work, int first, int end)
    {
        portions.Offer(first, end);
        if (isShared)
            team.Run(work);
        else
            work.Execute(0, 1);
    }

    private sealed class Adding(ModelPortions portions) : ITeamWork
    {
        public IReadOnlyList<LayerParameters> Left { get; set; } = [];

        public IReadOnlyList<LayerParameters> Right { get; set; } = [];

        public IReadOnlyList<LayerParameters> Target { get; set; } = [];

        public void Execute(int thread, int threadCount)
        {
            while (portions.TryTake(out ModelPortions.Portion portion))
                ReductionTree.AddLayer(Left[portion.Layer], Right[portion.Layer], Target[portion.Layer], portion.Numbers);
        }
    }
}
