using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Coordinator;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Core.Training;
using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using Backprop.Protos.Tensors;
using Backprop.Scheduling;
using Backprop.Serving;
using WorkKind = Backprop.Scheduling.WorkKind;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>Who is sent weights has the first layer's before those after it are updated, where a layer fills a message.</summary>
public sealed class WeightsUpdateTests : IDisposable
{
    // 71,500 numbers, 33,030 and 310.
    private const string Layers = "64-1100-30-10";
    private const float Gradient = 4;
    private const int Examples = 2;

    // 1 − ¼·(4/2).
    private const float Updated = 0.5f;

    private static readonly Work step = new(WorkKind.Training, 0, 0, Shards: 1, Examples);
    private static readonly Work next = new(WorkKind.Training, 0, 1, Shards: 1, Examples);

    private readonly UniformRun run = new(Layers, "relu,relu,softmax", threadCount: 2);
    private readonly SentFrames sent = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => run.Dispose();

    [Fact]
    public async Task Begin_AWorkerIsSentWeights_ItHasTheFirstLayerAlone()
    {
        using WorkerConnection worker = Join("far");
        WeightsUpdate update = run.Update();

        Assert.Null(update.Begin(step, Sums(Gradient, Gradient)));
        Assert.True(update.IsOpen);
        update.Assign(worker, next, [new ShardNode(0, 1)]);
        Task writing = worker.WriteAsync(sent, Cancellation, Cancellation);
        Assert.Equal(["assignment", "0: 65536", "0: 5964"], Told());
        Assert.Equal(UniformRun.Weight, update.Current.Layers[0].Numbers.Span[0]);

        // It takes nothing else between an assignment and the last of its weights.
        update.Assign(worker, next, [new ShardNode(1, 1)]);
        Assert.Null(update.Complete());
        update.TellWaiting();
        Assert.False(update.IsOpen);
        worker.Finish(new RunEnded());
        await writing;
        Assert.Equal(["assignment", "0: 65536", "0: 5964", "1: 33030, 2: 310", "assignment", "end"], Told());
        Assert.All(sent.Numbers, number => Assert.Equal(Updated, number));
        UniformRun.AllAre(Updated, update.Current);
    }

    /// <summary>
    /// Its last value may be in the only slot, and is gone through until the step is complete: it would have to send the next one.
    /// </summary>
    [Fact]
    public async Task TellWaiting_ValuesHaveGone_WorkerBesideIsGivenTheirSlots()
    {
        using WorkerConnection far = Join("far");
        Assert.NotNull(run.Session.Weights.Memory);
        using var directory = new TemporaryDirectory();
        SharedModels slots = SharedModels.Create(System.IO.Path.Combine(directory.Path, "shared"), run.Shape, count: 1);
        using WorkerConnection beside = Join("beside", slots);
        await beside.ReadAsync(new OneFrame(new WorkerMessage { Ready = new WorkerReady { DatasetSha256 = "ab", SharedMemory = true, SharedWeights = true } }), Cancellation);
        WeightsUpdate update = run.Update();
        update.Assign(beside, step, [new ShardNode(0, 1)]);
        var value = new NodeHeader
        {
            RunId = "run", Node = new Node { Count = 1 }, Shared = true, Totals = new Totals { ExampleCount = Examples },
        };
        await beside.ReadAsync(new OneFrame(new Frame<WorkerMessage, NodeHeader>(value, [])), Cancellation);
        GradientSum? sum = null;
        while (run.Session.Events.TryTake(out RunEvent happened))
            sum ??= happened.Sum;

        Assert.NotNull(sum);
        Assert.Null(update.Begin(step, Sums(Gradient, Gradient)));
        update.Assign(beside, next, [new ShardNode(0, 1)]);
        Assert.Null(update.Complete());
        run.Session.Gradients.Return(sum);
        update.TellWaiting();
        beside.Finish(new RunEnded());
        await beside.WriteAsync(sent, Cancellation, Cancellation);
        Assert.Equal(["assignment in slot 0", "assignment in slot 0", "end"], Told());
    }

    /// <summary>Nothing can be done about what was sent; the weights before the step stay the current ones.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Step_ALayerDiverges_SaysSoAndKeepsTheWeightsBefore(int layer)
    {
        using WorkerConnection worker = Join("far");
        WeightsUpdate update = run.Update();
        string? why = update.Begin(step, Sums(layer == 0 ? float.NaN : Gradient, layer == 2 ? float.NaN : Gradient));
        Assert.Equal(layer == 0, why is not null);
        why ??= update.Complete();

        Assert.StartsWith("training diverged at step 0: ", why, StringComparison.Ordinal);
        UniformRun.AllAre(UniformRun.Weight, update.Current);
    }

    [Fact]
    public void Begin_NobodyIsSentWeights_UpdatesAllLayers()
    {
        WeightsUpdate update = run.Update();
        Assert.Null(update.Begin(step, Sums(Gradient, Gradient)));
        Assert.False(update.IsOpen);
        Assert.Null(update.Complete());
        UniformRun.AllAre(Updated, update.Current);
    }

    private IEnumerable<string> Told() => sent.Frames.Select(frame => frame.Message switch
    {
        null => string.Join(", ", frame.Parts.Select(part => $"{part.Layer}: {part.Values.Length}")),
        { Assignment: { } assignment } => "assignment" + string.Concat(assignment.Slots.Select(slot => $" in slot {slot}")),
        _ => "end",
    });

    private WorkerConnection Join(string name, SharedModels? slots = null)
    {
        var join = new JoinRequest { Name = name, Threads = 1 };
        return run.Session.Workers.Add(join, id => new WorkerConnection(
            id, join, isLocal: false, "run", "ab", run.Session.Gradients,
            new WorkerMemory(slots, null, run.Session.Watch), run.Session.Events, TimeProvider.System));
    }

    private RootSum Sums(float first, float last)
    {
        Parameters sums = UniformRun.Filled(run.Shape, Gradient);
        sums.Layers[0].Numbers.Span[1] = first;
        sums.Layers[2].Numbers.Span[1] = last;
        return new RootSum(sums.Layers, null, new NodeTotals(Examples, 0, 1));
    }
}
