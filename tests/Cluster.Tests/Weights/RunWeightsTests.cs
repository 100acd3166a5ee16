using Backprop.Cluster.Tests.Protocol;
using Backprop.Scheduling;
using Backprop.Serving;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Protos;
using WorkKind = Backprop.Scheduling.WorkKind;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>The weights of a step stay as they are for as long as a worker may read them.</summary>
public sealed class RunWeightsTests
{
    private static readonly NetworkShape shape = NetworkShape.Parse("5-4-3");

    private readonly SharedWeights shared = new(shape);
    private readonly HashSet<long> owed = [];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Weights_ThatAreOwed_StayWhileStepsGoOn(bool inSharedMemory)
    {
        RunWeights weights = Begin(inSharedMemory);
        var kept = new Dictionary<long, Parameters>();

        // More late workers than there are places, each at another step.
        for (long step = 0; step < 2 * (shared.MemoryInUse?.Count ?? 3) + 4; step++)
        {
            if (step % 2 == 0)
            {
                owed.Add(step);
                kept[step] = weights.Current;
            }

            Step(weights, step);
            foreach ((long late, Parameters theirs) in kept)
                Assert.All(theirs.Layers, layer => Assert.Equal(late, layer.Numbers.Span[0]));
        }
    }

    [Fact]
    public void Share_FirstCall_PutsTheWeightsThere()
    {
        RunWeights weights = Begin(inSharedMemory: true);
        int? place = weights.Share();
        Assert.NotNull(place);
        Assert.Equal(weights.Current.ComputeSha256(), shared.Memory![place.Value].ComputeSha256());
        Assert.Equal(place, weights.Share());
    }

    [Fact]
    public void Share_NobodyHasAskedForSharedMemory_TakesNone()
    {
        RunWeights weights = Begin(inSharedMemory: false);
        Step(weights, 0);
        Assert.Null(weights.Share());
        Assert.Null(shared.MemoryInUse);
    }

    [Fact]
    public void Share_AllPlacesAreOwed_IsNoneUntilOneIsFree()
    {
        RunWeights weights = Begin(inSharedMemory: true);
        int places = shared.Memory!.Count;
        for (long step = 0; step < places; step++)
        {
            Assert.NotNull(weights.Share());
            owed.Add(step);
            Step(weights, step);
        }

        Assert.Null(weights.Share());
        owed.Remove(1);
        Assert.NotNull(weights.Share());
        Assert.All(weights.Current.Layers, layer => Assert.Equal(places, layer.Numbers.Span[0]));
    }

    /// <summary>So that they stay in the caches.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Steps_NobodyIsLate_UseTwoCopies(bool inSharedMemory)
    {
        RunWeights weights = Begin(inSharedMemory);
        var used = new HashSet<Parameters>(ReferenceEqualityComparer.Instance);
        for (long step = 0; step < 10; step++)
        {
            Assert.Equal(inSharedMemory, weights.Share() is not null);
            used.Add(weights.Current);
            Step(weights, step);
        }

        Assert.Equal(2, used.Count);
    }

    /// <summary>On a narrow link weights wait in the worker's call while others finish the step in its place.</summary>
    [Fact]
    public async Task WeightsInACall_StepsGoOnMeanwhile_AreThoseOfTheirStep()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using var connection = new WorkerConnection(
            new WorkerId(1), new JoinRequest { Name = "far", Threads = 1 }, isLocal: false, "run", "ab", new GradientPool(shape),
            new WorkerMemory(null, null, new DoorbellWatch(new EventQueue(), TimeSpan.Zero, TimeProvider.System)), new EventQueue(), TimeProvider.System);
        var weights = new RunWeights(UniformRun.Filled(shape, 0), 0, shared, connection.Owes);
        connection.Assign(new Work(WorkKind.Training, 0, 0, Shards: 1, BatchSize: 10), [new ShardNode(0, 1)], weights);
        for (long step = 0; step < 4; step++)
            Step(weights, step);
        connection.Finish(new RunEnded());

        var sent = new SentFrames();
        await connection.WriteAsync(sent, cancellation, cancellation);
        Assert.Equal(39, sent.Numbers.Count);
        Assert.All(sent.Numbers, number => Assert.Equal(0, number));
    }

    private RunWeights Begin(bool inSharedMemory)
    {
        Assert.Equal(inSharedMemory, inSharedMemory && shared.Memory is not null);
        return new RunWeights(UniformRun.Filled(shape, 0), 0, shared, owed.Contains);
    }

    /// <summary>Before step s every weight is s.</summary>
    private static void Step(RunWeights weights, long step)
    {
        UniformRun.Filled(shape, step + 1).CopyTo(weights.Next());
        weights.Advance(step + 1);
        Assert.All(weights.Current.Layers, layer => Assert.Equal(step + 1, layer.Numbers.Span[0]));
    }
}
