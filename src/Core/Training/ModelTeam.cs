using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Sharding;

namespace Backprop.Core.Training;

/// <summary>
/// What is done to a whole model element by element, by several threads where the model is large: it takes as long as its
/// numbers take through memory. An element's bits do not depend on the shares.
/// </summary>
/// <param name="team">Works on nothing else meanwhile.</param>
/// <param name="shape">Of all models that this works on.</param>
public sealed class ModelTeam(ThreadTeam team, NetworkShape shape)
{
    /// <summary>Numbers below which it takes longer to wake a thread than it would save.</summary>
    private const int WorthSharing = 1 << 17;

    /// <summary>It waits for memory: more threads than this do not make it faster.</summary>
    private const int ThreadsAtMost = 8;

    private readonly bool isShared = IsShared(shape);
    private readonly Adding adding = new();
    private readonly Looking looking = new();
    private readonly Updating updating = new();

    /// <summary>How many threads models of this shape have work for, on this machine.</summary>
    public static int ThreadsFor(NetworkShape shape) => IsShared(shape) ? Math.Min(Environment.ProcessorCount, ThreadsAtMost) : 1;

    /// <summary>target ← left + right, as <see cref="ReductionTree.Add(GradientSum, GradientSum)"/> does; both have examples.</summary>
    /// <param name="target">May be one of the two.</param>
    public void Add(GradientSum left, GradientSum right, GradientSum target)
    {
        (adding.Left, adding.Right, adding.Target) = (left.Layers, right.Layers, target.Layers);
        Run(adding);
        target.Totals = left.Totals + right.Totals;
    }

    /// <inheritdoc cref="Elements.Finite.AllWithin"/>
    public bool AreWithin(IReadOnlyList<LayerParameters> layers, float limit)
    {
        (looking.Layers, looking.Limit, looking.Exceeded) = (layers, limit, false);
        Run(looking);
        return !looking.Exceeded;
    }

    /// <inheritdoc cref="IOptimizer.Update"/>
    public void Update(
        IOptimizer optimizer, Parameters parameters, Parameters updated, IReadOnlyList<LayerParameters> sum, int exampleCount, double learningRate,
        OptimizerState state)
    {
        updating.Optimizer = optimizer;
        (updating.Parameters, updating.Updated, updating.Sum) = (parameters, updated, sum);
        (updating.ExampleCount, updating.LearningRate, updating.State) = (exampleCount, learningRate, state);
        Run(updating);
    }

    private static bool IsShared(NetworkShape shape) => shape.ParameterCount >= WorthSharing;

    private void Run(ITeamWork work)
    {
        if (isShared)
            team.Run(work);
        else
            work.Execute(0, 1);
    }

    private sealed class Adding : ITeamWork
    {
        public IReadOnlyList<LayerParameters> Left { get; set; } = [];

        public IReadOnlyList<LayerParameters> Right { get; set; } = [];

        public IReadOnlyList<LayerParameters> Target { get; set; } = [];

        public void Execute(int thread, int threadCount) => ReductionTree.AddLayers(Left, Right, Target, new Share(thread, threadCount));
    }

    private sealed class Looking : ITeamWork
    {
        private volatile bool exceeded;

        public IReadOnlyList<LayerParameters> Layers { get; set; } = [];

        public float Limit { get; set; }

        public bool Exceeded
        {
            get => exceeded;
            set => exceeded = value;
        }

        public void Execute(int thread, int threadCount)
        {
            var share = new Share(thread, threadCount);
            foreach (LayerParameters layer in Layers)
            {
                if (!layer.IsWithin(Limit, share))
                    exceeded = true;
            }
        }
    }

    private sealed class Updating : ITeamWork
    {
        public IOptimizer Optimizer { get; set; } = null!;

        public Parameters Parameters { get; set; } = null!;

        public Parameters Updated { get; set; } = null!;

        public IReadOnlyList<LayerParameters> Sum { get; set; } = [];

        public int ExampleCount { get; set; }

        public double LearningRate { get; set; }

        public OptimizerState State { get; set; } = null!;

        public void Execute(int thread, int threadCount) =>
            Optimizer.Update(Parameters, Updated, Sum, ExampleCount, LearningRate, State, new Share(thread, threadCount));
    }
}
