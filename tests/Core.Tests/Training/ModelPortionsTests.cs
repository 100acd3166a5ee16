using Backprop.Core.Model;
using Backprop.Core.Training;

namespace Backprop.Core.Tests.Training;

/// <summary>Threads that take portions of a model have each of its numbers once, weights apart from biases.</summary>
public sealed class ModelPortionsTests
{
    private static readonly TimeSpan limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("3-2")]
    [InlineData("401-331-3")]
    public void TryTake_UntilNoneIsLeft_EachNumberOnce(string layers)
    {
        NetworkShape shape = NetworkShape.Parse(layers);
        var portions = new ModelPortions(shape);
        for (int round = 0; round < 2; round++)
        {
            portions.Offer(0, shape.LayerCount);
            Assert.Equal(AllOf(shape, 0, shape.LayerCount), NumbersOf(Take(portions)));
        }
    }

    [Fact]
    public void TryTake_SeveralThreadsAtOnce_EachPortionOnce()
    {
        const int Threads = 3;
        NetworkShape shape = NetworkShape.Parse("784-1024-1024-10");
        var portions = new ModelPortions(shape);
        portions.Offer(0, shape.LayerCount);
        List<ModelPortions.Portion> all = Take(portions);
        for (int round = 0; round < 300; round++)
        {
            portions.Offer(0, shape.LayerCount);
            using var start = new Barrier(Threads);
            var taken = new List<ModelPortions.Portion>[Threads];
            Thread[] threads = [.. Enumerable.Range(0, Threads).Select(index => new Thread(() =>
            {
                Assert.True(start.SignalAndWait(limit));
                taken[index] = Take(portions);
            }))];
            Array.ForEach(threads, thread => thread.Start());
            Assert.All(threads, thread => Assert.True(thread.Join(limit)));
            Assert.Equal(all, taken.SelectMany(some => some).OrderBy(portion => portion.Layer).ThenBy(portion => portion.Numbers.Start.Value));
        }
    }

    [Fact]
    public void TryTake_SomeLayersOffered_NoOthers()
    {
        NetworkShape shape = NetworkShape.Parse("401-331-3-2");
        var portions = new ModelPortions(shape);
        portions.Offer(1, 2);
        Assert.Equal(AllOf(shape, 1, 2), NumbersOf(Take(portions)));
        portions.Offer(2, 3);
        Assert.Equal(AllOf(shape, 2, 3), NumbersOf(Take(portions)));
    }

    private static List<(int Layer, int Number, bool IsBias)> AllOf(NetworkShape shape, int first, int end)
    {
        List<(int, int, bool)> all = [];
        for (int layer = first; layer < end; layer++)
        {
            int weights = shape.Sizes[layer] * shape.Sizes[layer + 1];
            for (int number = 0; number < weights + shape.Sizes[layer + 1]; number++)
                all.Add((layer, number, number >= weights));
        }

        return all;
    }

    private static List<ModelPortions.Portion> Take(ModelPortions portions)
    {
        List<ModelPortions.Portion> taken = [];
        while (portions.TryTake(out ModelPortions.Portion portion))
            taken.Add(portion);
        return taken;
    }

    private static List<(int Layer, int Number, bool IsBias)> NumbersOf(List<ModelPortions.Portion> portions)
    {
        List<(int, int, bool)> numbers = [];
        foreach ((int layer, Range range, bool areBiases) in portions)
        {
            for (int number = range.Start.Value; number < range.End.Value; number++)
                numbers.Add((layer, number, areBiases));
        }

        return numbers;
    }
}
