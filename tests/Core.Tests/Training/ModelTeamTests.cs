using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Sharding;
using Backprop.Core.Training;

namespace Backprop.Core.Tests.Training;

/// <summary>What a team does to a model has the bits of one thread, and of the definition element by element.</summary>
public sealed class ModelTeamTests
{
    private const double Rate = 0.3;
    private const double Decay = 0.01;

    public static TheoryData<string, int> Teams => new MatrixTheoryData<string, int>(["3-2", "401-331-3"], [1, 2, 3, 7]);

    [Theory]
    [MemberData(nameof(Teams))]
    public void Add_AnyTeam_SameBits(string layers, int threads)
    {
        using var team = new ThreadTeam(threads);
        NetworkShape shape = NetworkShape.Parse(layers);
        (GradientSum expected, GradientSum given) = (Random(shape, 1), Random(shape, 1));
        ReductionTree.Add(expected, Random(shape, 2));
        var apart = new GradientSum(shape);
        new ModelTeam(team, shape).Add(given, Random(shape, 2), apart);
        Assert.True(expected.HasSameBits(apart));
        Assert.True(Random(shape, 1).HasSameBits(given));
        new ModelTeam(team, shape).Add(given, Random(shape, 2), given);
        Assert.True(expected.HasSameBits(given));
    }

    [Theory]
    [MemberData(nameof(Teams))]
    public void TryUpdate_AnyTeam_IsTheDefinition(string layers, int threads)
    {
        using var team = new ThreadTeam(threads);
        NetworkShape shape = NetworkShape.Parse(layers);
        foreach (double momentum in (double[])[0, 0.9])
        {
            foreach ((bool isWhole, bool areForOthers) in ((bool, bool)[])[(true, false), (false, false), (true, true), (false, true)])
            {
                IOptimizer optimizer = Optimizer(layers, momentum);
                Parameters old = ParameterInitializers.Create("scaled-gaussian", shape, 1);
                Parameters expected = old.Copy();
                (var expectedVelocity, var updated, OptimizerState state) = (new Parameters(shape), new Parameters(shape), optimizer.CreateState(shape));
                var model = new ModelTeam(team, shape);
                for (ulong step = 0; step < 2; step++)
                {
                    RootSum sum = Root(Random(shape, 3 + step), isWhole ? null : Random(shape, 13 + step));
                    Define(expected, expectedVelocity, sum, (float)momentum);
                    Assert.True(model.TryBeginUpdate(optimizer, old, updated, sum, 2, Rate, state, areForOthers));
                    Assert.True(model.TryUpdate(0, shape.LayerCount));
                    (old, updated) = (updated, old);
                }

                Assert.Equal(expected.ComputeSha256(), old.ComputeSha256());
                if (momentum > 0)
                    Assert.Equal(expectedVelocity.ComputeSha256(), state.Velocity!.ComputeSha256());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Teams))]
    public void TryUpdate_OneElementOfTheSumBeyond_IsSeenWhereverItIsAndNothingIsSpoiled(string layers, int threads)
    {
        using var team = new ThreadTeam(threads);
        NetworkShape shape = NetworkShape.Parse(layers);
        var model = new ModelTeam(team, shape);
        foreach (double momentum in (double[])[0, 0.9])
        {
            IOptimizer optimizer = Optimizer(layers, momentum);
            Parameters old = ParameterInitializers.Create("scaled-gaussian", shape, 1);
            OptimizerState state = optimizer.CreateState(shape);
            (GradientSum left, GradientSum right) = (Random(shape, 5), Random(shape, 6));
            var updated = new Parameters(shape);
            bool Try() => model.TryBeginUpdate(optimizer, old, updated, Root(left, right), 2, Rate, state, areForOthers: true) && model.TryUpdate(0, shape.LayerCount);
            for (int layer = 0; layer < shape.LayerCount; layer++)
            {
                Memory<float> values = left.Layers[layer].Numbers;
                for (int i = 0; i < values.Length; i += Math.Max(1, values.Length / 23))
                {
                    float before = values.Span[i];
                    foreach (float beyond in (float[])[-4, float.NaN, float.PositiveInfinity])
                    {
                        values.Span[i] = beyond;
                        Assert.False(Try());
                    }

                    values.Span[i] = before;
                }
            }

            Assert.Equal(ParameterInitializers.Create("scaled-gaussian", shape, 1).ComputeSha256(), old.ComputeSha256());
            if (state.Velocity is not null)
                Assert.Equal(new Parameters(shape).ComputeSha256(), state.Velocity.ComputeSha256());
            Assert.True(Try());
        }
    }

    /// <summary>The update: g = sum/m; λ·W + g for weights; v = μ·v + g; W − η·v, each rounded once.</summary>
    private static void Define(Parameters parameters, Parameters velocity, RootSum sum, float momentum)
    {
        for (int layer = 0; layer < parameters.Layers.Count; layer++)
        {
            Span<float> w = parameters.Layers[layer].Numbers.Span;
            Span<float> v = velocity.Layers[layer].Numbers.Span;
            for (int i = 0; i < w.Length; i++)
            {
                float s = sum.Left[layer].Numbers.Span[i];
                if (sum.Right is not null)
                    s += sum.Right[layer].Numbers.Span[i];
                float decay = i < parameters.Layers[layer].Weights.Memory.Length ? (float)Decay : 0;
                float g = MathF.FusedMultiplyAdd(decay, w[i], s / sum.Totals.ExampleCount);
                v[i] = momentum == 0 ? g : MathF.FusedMultiplyAdd(momentum, v[i], g);
                w[i] = MathF.FusedMultiplyAdd(-(float)Rate, v[i], w[i]);
            }
        }
    }

    private static IOptimizer Optimizer(string layers, double momentum) => OptimizerCatalog.Create(
        new RunConfiguration { Layers = layers, Shards = 1, DatasetSha256 = "", Momentum = momentum, L2 = Decay });

    private static RootSum Root(GradientSum left, GradientSum? right) => new(left.Layers, right?.Layers, new NodeTotals(7, 0, 0));

    private static GradientSum Random(NetworkShape shape, ulong seed)
    {
        var sum = new GradientSum(ParameterInitializers.Create("scaled-gaussian", shape, seed).Layers) { Totals = new NodeTotals(3, 1, seed) };
        foreach (LayerParameters layer in sum.Layers)
        {
            foreach (ref float number in layer.Numbers.Span)
                number = Math.Clamp(number, -1, 1);
        }

        return sum;
    }
}
