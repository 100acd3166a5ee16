using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Sharding;
using Backprop.Core.Training;

namespace Backprop.Core.Tests.Training;

/// <summary>Whatever is done by shares has the bits of what is done at once: large models are shared, small ones not.</summary>
public sealed class ModelTeamTests
{
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
    public void Update_AnyTeam_SameBits(string layers, int threads)
    {
        using var team = new ThreadTeam(threads);
        NetworkShape shape = NetworkShape.Parse(layers);
        foreach (double momentum in (double[])[0, 0.9])
        {
            IOptimizer optimizer = OptimizerCatalog.Create(
                new RunConfiguration { Layers = layers, Shards = 1, DatasetSha256 = "", Momentum = momentum, L2 = 0.01 });
            Parameters expected = ParameterInitializers.Create("scaled-gaussian", shape, 1);
            Parameters given = expected.Copy();
            (OptimizerState expectedState, OptimizerState givenState) = (optimizer.CreateState(shape), optimizer.CreateState(shape));
            var model = new ModelTeam(team, shape);
            for (int step = 0; step < 2; step++)
            {
                GradientSum sum = Random(shape, (ulong)(3 + step));
                optimizer.Update(expected, expected, sum.Layers, 7, 0.3, expectedState, Share.Whole);
                model.Update(optimizer, given, given, sum.Layers, 7, 0.3, givenState);
            }

            Assert.Equal(expected.ComputeSha256(), given.ComputeSha256());
        }
    }

    [Theory]
    [MemberData(nameof(Teams))]
    public void AreWithin_OneElementBeyond_IsSeenWhereverItIs(string layers, int threads)
    {
        using var team = new ThreadTeam(threads);
        NetworkShape shape = NetworkShape.Parse(layers);
        var model = new ModelTeam(team, shape);
        GradientSum sum = Random(shape, 5);
        Assert.True(model.AreWithin(sum.Layers, 1));
        foreach (LayerParameters layer in sum.Layers)
        {
            Span<float> values = layer.Numbers.Span;
            for (int i = 0; i < values.Length; i += Math.Max(1, values.Length / 61))
            {
                float before = values[i];
                values[i] = -1.5f;
                Assert.False(model.AreWithin(sum.Layers, 1));
                values[i] = before;
            }
        }

        Assert.True(model.AreWithin(sum.Layers, 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(1000)]
    public void Share_AllTogether_AreTheArray(int length)
    {
        for (int count = 1; count <= 9; count++)
        {
            int next = 0;
            for (int index = 0; index < count; index++)
            {
                (int start, int taken) = new Share(index, count).Of(length).GetOffsetAndLength(length);
                Assert.Equal(next, start);
                next = start + taken;
            }

            Assert.Equal(length, next);
        }
    }

    private static GradientSum Random(NetworkShape shape, ulong seed)
    {
        var sum = new GradientSum(shape) { Totals = new NodeTotals(3, 1, seed) };
        Parameters numbers = ParameterInitializers.Create("scaled-gaussian", shape, seed);
        for (int layer = 0; layer < sum.Layers.Count; layer++)
            numbers.Layers[layer].CopyTo(sum.Layers[layer]);
        foreach (LayerParameters layer in sum.Layers)
        {
            foreach (ref float number in layer.Numbers.Span)
                number = Math.Clamp(number, -1, 1);
        }

        return sum;
    }
}
