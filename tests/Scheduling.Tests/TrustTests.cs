using Backprop.Core.Sharding;
using Backprop.Core.Training;

namespace Backprop.Scheduling.Tests;

/// <summary>Late workers, second values and wrong ones, in histories written by hand.</summary>
public sealed class TrustTests
{
    /// <summary>12 steps an epoch of 8 examples in 4 shards; 10 test examples in one shard.</summary>
    private static readonly TrainingPlan plan = new(96, 8, 1, 4, 10, 0);

    private static readonly WorkerId first = new(1);
    private static readonly WorkerId second = new(2);
    private static readonly ShardNode left = new(0, 2);
    private static readonly ShardNode right = new(2, 2);

    private double now;

    [Fact]
    public void ClockTicked_WorkerIsLate_TheFreeOneGetsItsNodeAndTheFirstValueWins()
    {
        Scheduler scheduler = Started(straggler: 1);
        PlaySteps(scheduler, 5);
        Value(scheduler, first, 5, left);
        Assert.Empty(Tick(scheduler, 0.9).OfType<SchedulerCommand.Assign>());

        IReadOnlyList<SchedulerCommand> commands = Tick(scheduler, 0.2);
        SchedulerCommand.Assign assign = Assert.Single(commands.OfType<SchedulerCommand.Assign>());
        Assert.Equal((first, right), (assign.Worker, Assert.Single(assign.Nodes)));
        Assert.Equal(
            new SchedulerCommand.Notice(NoticeKind.WorkerLate, "worker w2 is late at step 5: no answer after 1.1 s; its node is computed by another as well", "w2"),
            Assert.Single(commands.OfType<SchedulerCommand.Notice>()));
        Assert.Equal(1, scheduler.NodesReassigned);

        commands = Value(scheduler, first, 5, right);
        SchedulerCommand.CommitStep commit = Assert.Single(commands.OfType<SchedulerCommand.CommitStep>());
        Assert.Equal([right], commit.StillOwed);
        Assert.All(commands.OfType<SchedulerCommand.Assign>(), next => Assert.Equal(first, next.Worker));

        // The late value is compared, and then nothing of the step is needed any more.
        commands = Value(scheduler, second, 5, right);
        SchedulerCommand.CompareValue compare = Assert.Single(commands.OfType<SchedulerCommand.CompareValue>());
        Assert.Equal((5, right), (compare.Work.Step, compare.Node));
        Assert.Equal(
            new SchedulerCommand.ForgetStep(5),
            Assert.Single(scheduler.Handle(new SchedulerEvent.ValueCompared(compare.Work, right, Agrees: true, "w2", "w1")).OfType<SchedulerCommand.ForgetStep>()));
    }

    [Fact]
    public void ClockTicked_EverybodyIsSlow_NobodyIsLate()
    {
        Scheduler scheduler = Started(straggler: 1);
        for (long step = 0; step < 5; step++)
        {
            now += 10;
            Value(scheduler, first, step, left);
            Value(scheduler, second, step, right);
        }

        Value(scheduler, first, 5, left);
        Assert.Empty(Tick(scheduler, 15).OfType<SchedulerCommand.Assign>());
        Assert.Single(Tick(scheduler, 10).OfType<SchedulerCommand.Assign>());
    }

    [Fact]
    public void ClockTicked_NoStragglers_NothingIsDuplicated()
    {
        Scheduler scheduler = Started(straggler: null);
        PlaySteps(scheduler, 5);
        Value(scheduler, first, 5, left);
        Assert.Empty(Tick(scheduler, 7).OfType<SchedulerCommand.Assign>());
    }

    [Fact]
    public void NodeValue_Audited_WaitsForTheSecondAndTheComparison()
    {
        Scheduler scheduler = Started(audit: 1);
        Assert.IsType<SchedulerCommand.KeepValue>(Assert.Single(Value(scheduler, first, 0, left)));
        Assert.IsType<SchedulerCommand.KeepValue>(Assert.Single(Value(scheduler, first, 0, right)));
        SchedulerCommand.CompareValue compare = Assert.IsType<SchedulerCommand.CompareValue>(Assert.Single(Value(scheduler, second, 0, left)));
        Agree(scheduler, compare);
        compare = Assert.IsType<SchedulerCommand.CompareValue>(Assert.Single(Value(scheduler, second, 0, right)));
        Assert.Single(Agree(scheduler, compare).OfType<SchedulerCommand.CommitStep>());
        Assert.Equal(2, scheduler.NodesCompared);
    }

    [Fact]
    public void NodeRecomputed_KeptValueWasWrong_ItsWorkerIsQuarantinedAndItsOtherValuesAreNotBelieved()
    {
        Scheduler scheduler = Started(audit: 1);
        Value(scheduler, first, 0, left);
        Value(scheduler, first, 0, right);
        Value(scheduler, second, 0, left);
        Work work = scheduler.Current;
        IReadOnlyList<SchedulerCommand> commands = scheduler.Handle(new SchedulerEvent.ValueCompared(work, left, Agrees: false, "w2", "w1"));
        Assert.Equal("ALARM: workers w1 and w2 gave node [0,2) of step 0 other bits; the coordinator computes it itself", Assert.Single(commands.OfType<SchedulerCommand.Notice>()).Line);
        Assert.Equal(new SchedulerCommand.Recompute(work, left), Assert.Single(commands.OfType<SchedulerCommand.Recompute>()));

        commands = scheduler.Handle(new SchedulerEvent.NodeRecomputed(work, left, [(first, "w1")], KeptWasWrong: true, IsFinite: true));
        Assert.Equal((first, "w1"), commands.OfType<SchedulerCommand.Quarantine>().Select(quarantine => (quarantine.Worker, quarantine.Name)).Single());
        Assert.Equal(right, Assert.Single(commands.OfType<SchedulerCommand.DiscardValue>()).Node);
        Assert.Equal(1, scheduler.ReadyWorkers);

        // The other's value of the second node is now the first, and the coordinator is its second.
        commands = Value(scheduler, second, 0, right);
        Assert.Single(commands.OfType<SchedulerCommand.KeepValue>());
        Assert.Equal(new SchedulerCommand.Recompute(work, right), Assert.Single(commands.OfType<SchedulerCommand.Recompute>()));
        commands = scheduler.Handle(new SchedulerEvent.NodeRecomputed(work, right, [], KeptWasWrong: false, IsFinite: true));
        Assert.Single(commands.OfType<SchedulerCommand.CommitStep>());
    }

    [Fact]
    public void NodeRecomputed_ConfirmedValueIsTakenBack_TheNextOneIsConfirmedToo()
    {
        Scheduler scheduler = Started(audit: 1);
        Work work = scheduler.Current;
        Value(scheduler, first, 0, left);
        Agree(scheduler, Assert.IsType<SchedulerCommand.CompareValue>(Assert.Single(Value(scheduler, second, 0, left))));
        Value(scheduler, first, 0, right);
        Value(scheduler, second, 0, right);
        scheduler.Handle(new SchedulerEvent.ValueCompared(work, right, Agrees: false, "w2", "w1"));
        IReadOnlyList<SchedulerCommand> commands = scheduler.Handle(
            new SchedulerEvent.NodeRecomputed(work, right, [(first, "w1")], KeptWasWrong: true, IsFinite: true));
        Assert.Equal(left, Assert.Single(commands.OfType<SchedulerCommand.DiscardValue>()).Node);
        Assert.Equal(left, Assert.Single(Assert.Single(commands.OfType<SchedulerCommand.Assign>()).Nodes));

        commands = Value(scheduler, second, 0, left);
        Assert.Equal(new SchedulerCommand.Recompute(work, left), Assert.Single(commands.OfType<SchedulerCommand.Recompute>()));
        Assert.Empty(commands.OfType<SchedulerCommand.CommitStep>());
    }

    [Fact]
    public void NodeValue_NotFinite_IsRecomputedOnceWhereTheTrainingRunsAway()
    {
        Scheduler scheduler = Started();
        Work work = scheduler.Current;
        IReadOnlyList<SchedulerCommand> commands = Value(scheduler, first, 0, left, isFinite: false);
        Assert.Equal(new SchedulerCommand.Recompute(work, left), Assert.Single(commands.OfType<SchedulerCommand.Recompute>()));
        Assert.Empty(scheduler.Handle(new SchedulerEvent.NodeRecomputed(work, left, [], KeptWasWrong: false, IsFinite: false)));

        // The shell finds the divergence when it adds them.
        commands = Value(scheduler, second, 0, right, isFinite: false);
        Assert.Empty(commands.OfType<SchedulerCommand.Recompute>());
        Assert.Single(commands.OfType<SchedulerCommand.CommitStep>());
    }

    [Fact]
    public void NodeRecomputed_WrongValueWasCommitted_FailsWithoutACheckpointOfIt()
    {
        Scheduler scheduler = Started(straggler: 1);
        PlaySteps(scheduler, 5);
        Work work = scheduler.Current;
        Value(scheduler, first, 5, left);
        Tick(scheduler, 1.1);
        Value(scheduler, first, 5, right);
        Value(scheduler, second, 5, right);
        scheduler.Handle(new SchedulerEvent.ValueCompared(work, right, Agrees: false, "w2", "w1"));

        IReadOnlyList<SchedulerCommand> commands = scheduler.Handle(
            new SchedulerEvent.NodeRecomputed(work, right, [(first, "w1")], KeptWasWrong: true, IsFinite: true));
        Assert.Equal(new SchedulerCommand.DiscardCheckpoints(5), Assert.Single(commands.OfType<SchedulerCommand.DiscardCheckpoints>()));
        Assert.Equal(RunEnd.Failed, Assert.Single(commands.OfType<SchedulerCommand.Finish>()).End);
        Assert.Empty(commands.OfType<SchedulerCommand.SaveCheckpoint>());
    }

    [Fact]
    public void NodeRecomputed_ItsWorkerWasWrongElsewhereToo_ADiscardedValueIsComputedAgain()
    {
        var scheduler = new Scheduler(
            plan, new SchedulerOptions(2, 1, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(100), AuditFraction: 1), TimeSpan.Zero);
        scheduler.Handle(new SchedulerEvent.WorkerReady(first, "w1", 1));
        scheduler.Handle(new SchedulerEvent.WorkerReady(second, "w2", 3));
        ShardNode leaf = new(1, 1);
        Value(scheduler, second, 0, leaf);
        Value(scheduler, second, 0, right);

        // Nobody is left to compute the two again: the coordinator does, and finds both wrong.
        SchedulerCommand.Recompute[] recomputes =
            [.. scheduler.Handle(new SchedulerEvent.WorkerGone(first, "its connection broke")).OfType<SchedulerCommand.Recompute>()];
        Assert.Equal(2, recomputes.Length);
        ShardNode discarded = default;
        foreach (SchedulerCommand.Recompute recompute in recomputes)
        {
            IReadOnlyList<SchedulerCommand> commands = scheduler.Handle(
                new SchedulerEvent.NodeRecomputed(recompute.Work, recompute.Node, [(second, "w2")], KeptWasWrong: true, IsFinite: true));
            foreach (SchedulerCommand.DiscardValue discard in commands.OfType<SchedulerCommand.DiscardValue>())
                discarded = discard.Node;
        }

        Assert.NotEqual(default, discarded);
        WorkerId third = new(3);
        scheduler.Handle(new SchedulerEvent.WorkerReady(third, "w3", 1));
        Assert.Contains(new SchedulerCommand.KeepValue(third, discarded), Value(scheduler, third, 0, discarded));
    }

    [Fact]
    public void NodeRecomputed_AnotherIsLateWithWhatIsTakenBack_ItsValueIsWaitedForAgain()
    {
        Scheduler scheduler = Started(straggler: 1);
        WorkerId third = new(3);
        PlaySteps(scheduler, 5);
        scheduler.Handle(new SchedulerEvent.WorkerReady(third, "w3", 2));
        Value(scheduler, first, 5, left);
        Value(scheduler, second, 5, right);
        (ShardNode ofFirst, ShardNode ofSecond) = (new(0, 1), new(1, 1));
        Work work = scheduler.Current;
        Assert.Equal(6, work.Step);
        Value(scheduler, second, 6, ofSecond, isFinite: false);
        Assert.Equal([ofFirst], Assert.Single(Tick(scheduler, 1.1).OfType<SchedulerCommand.Assign>()).Nodes);
        Value(scheduler, second, 6, ofFirst);

        IReadOnlyList<SchedulerCommand> commands = scheduler.Handle(
            new SchedulerEvent.NodeRecomputed(work, ofSecond, [(second, "w2")], KeptWasWrong: true, IsFinite: true));
        Assert.Equal(ofFirst, Assert.Single(commands.OfType<SchedulerCommand.DiscardValue>()).Node);
        Assert.Empty(commands.OfType<SchedulerCommand.Assign>());

        Assert.Equal([new SchedulerCommand.KeepValue(first, ofFirst)], Value(scheduler, first, 6, ofFirst));
        SchedulerCommand.CommitStep commit = Assert.Single(Value(scheduler, third, 6, right).OfType<SchedulerCommand.CommitStep>());
        Assert.Empty(commit.StillOwed);
    }

    [Fact]
    public void NodeRecomputed_WrongWorkerCameBackMeanwhile_WhatItThenGaveIsNotBelievedEither()
    {
        Scheduler scheduler = Started();
        WorkerId again = new(3);
        Work work = scheduler.Current;
        Value(scheduler, first, 0, left, isFinite: false);
        scheduler.Handle(new SchedulerEvent.WorkerGone(first, "its connection broke"));
        scheduler.Handle(new SchedulerEvent.WorkerReady(again, "w1", 1));
        scheduler.Handle(new SchedulerEvent.WorkerGone(second, "its connection broke"));
        Value(scheduler, again, 0, right);

        IReadOnlyList<SchedulerCommand> commands = scheduler.Handle(
            new SchedulerEvent.NodeRecomputed(work, left, [(first, "w1")], KeptWasWrong: true, IsFinite: true));

        Assert.Equal(right, Assert.Single(commands.OfType<SchedulerCommand.DiscardValue>()).Node);
        Assert.Empty(commands.OfType<SchedulerCommand.CommitStep>());
    }

    /// <summary>Two workers compute step 0: w1 shards 0 and 1, w2 shards 2 and 3.</summary>
    private static Scheduler Started(double? straggler = null, double audit = 0)
    {
        var scheduler = new Scheduler(
            plan,
            new SchedulerOptions(
                2, 1, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(100), straggler is { } least ? TimeSpan.FromSeconds(least) : null, audit),
            TimeSpan.Zero);
        scheduler.Handle(new SchedulerEvent.WorkerReady(first, "w1", 1));
        scheduler.Handle(new SchedulerEvent.WorkerReady(second, "w2", 1));
        return scheduler;
    }

    private void PlaySteps(Scheduler scheduler, long count)
    {
        for (long step = 0; step < count; step++)
        {
            now += 0.01;
            Value(scheduler, first, step, left);
            Value(scheduler, second, step, right);
        }
    }

    private static IReadOnlyList<SchedulerCommand> Agree(Scheduler scheduler, SchedulerCommand.CompareValue compare) =>
        scheduler.Handle(new SchedulerEvent.ValueCompared(compare.Work, compare.Node, Agrees: true, "w2", "w1"));

    private IReadOnlyList<SchedulerCommand> Tick(Scheduler scheduler, double seconds) =>
        scheduler.Handle(new SchedulerEvent.ClockTicked(TimeSpan.FromSeconds(now += seconds)));

    private IReadOnlyList<SchedulerCommand> Value(Scheduler scheduler, WorkerId worker, long step, ShardNode node, bool isFinite = true) =>
        scheduler.Handle(new SchedulerEvent.NodeValueReceived(worker, WorkKind.Training, step, node, TimeSpan.FromSeconds(now), isFinite));
}
