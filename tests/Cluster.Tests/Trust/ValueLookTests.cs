using Backprop.Cluster.Tests.Weights;
using Backprop.Coordinator;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Core.Training;
using Backprop.Scheduling;
using Backprop.Serving;
using NodeValue = Backprop.Serving.NodeValue;
using WorkKind = Backprop.Scheduling.WorkKind;

namespace Backprop.Cluster.Tests.Trust;

/// <summary>Values of two workers in shared memory; the one that completes the step is looked at as the weights are updated by it.</summary>
public sealed class ValueLookTests : IDisposable
{
    private const string Layers = "64-5-10";
    private const float Gradient = 4;

    // Of 8 examples in 4 shards, each worker has 2 shards.
    private const int Examples = 4;

    // 1 − ¼·(4 + 4)/8.
    private const float Updated = 0.75f;

    private static readonly TrainingPlan plan = new(16, 8, 2, 4, 10, 0);
    private static readonly ShardNode left = new(0, 2);
    private static readonly ShardNode right = new(2, 2);

    private readonly UniformRun run = new(Layers, "relu,softmax", threadCount: 1);

    private readonly Scheduler scheduler = new(
        plan, new SchedulerOptions(2, 1, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(8)), TimeSpan.Zero);

    private readonly NodeValues values;

    public ValueLookTests()
    {
        values = new NodeValues(run.Session.Gradients, run.Team);
        scheduler.Handle(new SchedulerEvent.WorkerReady(new WorkerId(1), "w1", 1));
        scheduler.Handle(new SchedulerEvent.WorkerReady(new WorkerId(2), "w2", 1));
    }

    public void Dispose() => run.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void LookAt_ValueCompletesTheStep_WeightsAreUpdatedByItAtOnce(bool leftComesFirst)
    {
        WeightsUpdate update = run.Update();
        Assert.True(LookAtAndKeep(update, leftComesFirst ? left : right, Gradient));
        Assert.Null(update.AheadOf(scheduler.Current));
        (Work work, RunEvent last) = Last(leftComesFirst ? right : left, Gradient);
        Assert.True(LookAt(update, last));
        RootSum sum = Assert.NotNull(update.AheadOf(scheduler.Current));
        Assert.Equal(8, sum.Totals.ExampleCount);
        UniformRun.AllAre(UniformRun.Weight, update.Current);

        Assert.Null(update.Begin(work, sum));
        Assert.Null(update.Complete());
        UniformRun.AllAre(Updated, update.Current);
    }

    [Theory]
    [InlineData(float.NaN, true)]
    [InlineData(float.PositiveInfinity, true)]
    [InlineData(float.NegativeInfinity, true)]
    [InlineData(float.NaN, false)]
    [InlineData(float.PositiveInfinity, false)]
    public void LookAt_ANumberIsNotFinite_TellsSoAndUpdatesNothing(float number, bool isLast)
    {
        WeightsUpdate update = run.Update();
        Assert.Equal(isLast, LookAtAndKeep(update, left, isLast ? Gradient : number));
        if (isLast)
            Assert.False(LookAt(update, Last(right, number).Event));
        Assert.Null(update.AheadOf(scheduler.Current));
        UniformRun.AllAre(UniformRun.Weight, update.Current);
    }

    [Fact]
    public void LookAt_CostIsNotFinite_TellsSo()
    {
        WeightsUpdate update = run.Update();
        LookAtAndKeep(update, left, Gradient);
        RunEvent last = Last(right, Gradient).Event;
        last.Sum!.Totals = new NodeTotals(Examples, 0, double.NaN);
        Assert.False(LookAt(update, last));
        Assert.Null(update.AheadOf(scheduler.Current));
    }

    /// <summary>Nobody's value is wrong: it is the training that runs away.</summary>
    [Fact]
    public void LookAt_OnlyTheSumIsNotFinite_TheValueIsAndTheStepDiverges()
    {
        WeightsUpdate update = run.Update();
        LookAtAndKeep(update, left, 3e38f);
        (Work work, RunEvent last) = Last(right, 3e38f);
        Assert.True(LookAt(update, last));
        Assert.Null(update.AheadOf(scheduler.Current));
        Keep(right, last);
        Assert.StartsWith("training diverged at step 0: ", update.Begin(work, values.Root(work.Shards)), StringComparison.Ordinal);
    }

    /// <summary>Another way to the same bits: forgotten or not, the velocity goes on by one step.</summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(0.5, false)]
    [InlineData(0.5, true)]
    public void Begin_AfterALook_GivesTheWeightsOfAStepWithoutOne(double momentum, bool isForgotten)
    {
        WeightsUpdate update = run.Update(momentum);
        WeightsUpdate other = run.Update(momentum);
        LookAtAndKeep(update, left, Gradient);
        (Work work, RunEvent last) = Last(right, Gradient);
        Assert.True(LookAt(update, last));
        RootSum sum = Assert.NotNull(update.AheadOf(scheduler.Current));
        if (isForgotten)
            update.ForgetAhead();
        foreach (WeightsUpdate each in (WeightsUpdate[])[update, other])
        {
            for (int i = 0; i < 2; i++)
            {
                Assert.Null(each.Begin(work with { Step = work.Step + i }, sum));
                Assert.Null(each.Complete());
            }
        }

        Assert.Equal(other.Current.ComputeSha256(), update.Current.ComputeSha256());
        Assert.NotEqual(UniformRun.Weight, update.Current.Layers[0].Numbers.Span[0]);
    }

    /// <summary>Halves of the tree, one of which is kept, take no addition but the last.</summary>
    [Theory]
    [InlineData(0, 4, true)]
    [InlineData(2, 2, true)]
    [InlineData(0, 2, false)]
    [InlineData(2, 1, false)]
    [InlineData(3, 1, false)]
    public void RootWith_OneHalfIsKept_TheOtherOrTheWholeAlone(int first, int count, bool expected)
    {
        Keep(left, Value(left, Gradient));
        Assert.Equal(expected, values.RootWith(new ShardNode(first, count), Value(right, Gradient).Sum!, 4) is not null);
    }

    [Fact]
    public void LookAt_ValueThatWasSent_IsAsItsReaderTold()
    {
        WeightsUpdate update = run.Update();
        var sent = new GradientSum(run.Shape) { Totals = new NodeTotals(Examples, 0, 1) };
        var told = new RunEvent(Received(left) with { IsFinite = false }, null, sent, sent.Totals);
        Assert.Equal(told, new ValueLook(scheduler, values, update).LookAt(told));
    }

    private static SchedulerEvent.NodeValueReceived Received(ShardNode node) =>
        new(new WorkerId(node == left ? 1 : 2), WorkKind.Training, 0, node, TimeSpan.Zero);

    private (Work Work, RunEvent Event) Last(ShardNode node, float number) => (scheduler.Current, Value(node, number));

    private bool LookAt(WeightsUpdate update, RunEvent happened) =>
        Assert.IsType<SchedulerEvent.NodeValueReceived>(new ValueLook(scheduler, values, update).LookAt(happened).Event).IsFinite;

    private bool LookAtAndKeep(WeightsUpdate update, ShardNode node, float number)
    {
        RunEvent happened = Value(node, number);
        bool isFinite = LookAt(update, happened);
        scheduler.Handle(happened.Event);
        Keep(node, happened);
        return isFinite;
    }

    private void Keep(ShardNode node, RunEvent happened) => values.Keep(node, new NodeValue(new WorkerId(1), "w", happened.Sum, happened.Totals));

    /// <summary>All numbers are <see cref="Gradient"/>, but one in each layer's middle.</summary>
    private RunEvent Value(ShardNode node, float number)
    {
        Parameters sums = UniformRun.Filled(run.Shape, Gradient);
        foreach (LayerParameters layer in sums.Layers)
            layer.Numbers.Span[layer.Numbers.Length / 2] = number;
        var sum = new SlotSum(sums.Layers, () => { }, () => { }) { Totals = new NodeTotals(Examples, 0, 1) };
        return new RunEvent(Received(node), null, sum, sum.Totals);
    }
}
