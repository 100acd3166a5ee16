using Backprop.Bench;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Training;
using Backprop.Kernels;
using Backprop.Protos.Tensors;
using Backprop.Scale.Simulation;

namespace Backprop.Scale.Measuring;

/// <summary>What the coordinator takes for adding values and updating weights, measured in this process.</summary>
internal static class MeasuredCosts
{
    private const double BurstSeconds = 0.02;
    private const int Repeats = 7;

    /// <summary>Values that are added in turn, as those of different workers are.</summary>
    private const int Values = 8;

    /// <param name="costs">Whatever is not measured here.</param>
    public static Costs Of(NetworkShape shape, Costs costs)
    {
        using var threads = new ThreadTeam(ModelTeam.ThreadsFor(shape));
        var team = new ModelTeam(threads, shape);
        GradientSum[] values = [.. Enumerable.Range(0, Values + 1).Select(i => NewValue(shape, (ulong)i))];
        int next = 0;
        double add = Seconds(() => team.Add(values[0], values[1 + (next++ % Values)], values[0]));
        IOptimizer optimizer = OptimizerCatalog.Create(
            new RunConfiguration { Layers = shape.ToString(), Shards = 1, DatasetSha256 = "", LearningRate = 1e-6 });
        Parameters weights = ParameterInitializers.Create("scaled-gaussian", shape, seed: 1);
        OptimizerState state = optimizer.CreateState(shape);
        Parameters updated = weights.Copy();
        var sum = new RootSum(values[1].Layers, values[2].Layers, new NodeTotals(1, 0, 0));
        int layers = TensorFrames.FirstLayerFillsOne(shape) ? 1 : shape.LayerCount;
        double update = Seconds(() =>
        {
            team.TryBeginUpdate(optimizer, weights, updated, sum, float.MaxValue, 1e-6, state, areForOthers: false);
            team.TryUpdate(0, layers);
        });
        return costs with { AddSecondsPerNumber = add / shape.ParameterCount, UpdateSeconds = update };
    }

    private static double Seconds(Action work)
    {
        int repetitions = Bursts.Repetitions(work, BurstSeconds);
        return ReportText.Median(Enumerable.Range(0, Repeats).Select(_ => Bursts.Seconds(work, repetitions) / repetitions));
    }

    private static GradientSum NewValue(NetworkShape shape, ulong seed)
    {
        var value = new GradientSum(shape) { Totals = new NodeTotals(1, 0, 0) };
        IReadOnlyList<LayerParameters> numbers = ParameterInitializers.Create("scaled-gaussian", shape, seed).Layers;
        for (int layer = 0; layer < numbers.Count; layer++)
            numbers[layer].CopyTo(value.Layers[layer]);
        return value;
    }
}
