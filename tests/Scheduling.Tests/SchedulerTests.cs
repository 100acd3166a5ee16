using Backprop.Core.Sharding;
using Backprop.Core.Training;

namespace Backprop.Scheduling.Tests;

/// <summary>The scheduler's decisions in histories written by hand.</summary>
public sealed class SchedulerTests
{
    /// <summary>2 epochs of 2 steps of 8 examples in 4 shards; 10 test examples in one shard.</summary>
    private static readonly TrainingPlan plan = new(16, 8, 2, 4, 10, 0);

    private static readonly WorkerId first = new(1);
    private static readonly WorkerId second = new(2);
    private static readonly WorkerId third = new(3);

    [Fact]
    public void WorkerReady_FewerThanWanted_Waits()
    {
        Scheduler scheduler = Create(starting: 2);
        Assert.Equal([new SchedulerCommand.WaitForWorkers(1, 2)], Ready(scheduler, first));
    }

    [Fact]
    public void WorkerReady_AllThere_EachGetsOneNode()
    {
        Scheduler scheduler = Create(starting: 2);
        Ready(scheduler, first);
        SchedulerCommand.Assign[] assigns = [.. Ready(scheduler, second).OfType<SchedulerCommand.Assign>()];
        Assert.Equal([first, second], assigns.Select(assign => assign.Worker));
        Assert.Equal([new ShardNode(0, 2), new ShardNode(2, 2)], assigns.SelectMany(assign => assign.Nodes));
        Assert.All(assigns, assign => Assert.Equal(new Work(WorkKind.Training, 0, 0, 4, 8), assign.Work));
    }

    [Fact]
    public void NodeValue_AllNodes_CommitsOnceAndGoesOn()
    {
        Scheduler scheduler = Started();
        Assert.Equal([new SchedulerCommand.KeepValue(first, new ShardNode(0, 2))], Value(scheduler, first, 0, 0, 2));
        IReadOnlyList<SchedulerCommand> commands = Value(scheduler, second, 0, 2, 2);
        Assert.Equal(0, Assert.Single(commands.OfType<SchedulerCommand.CommitStep>()).Work.Step);
        Assert.All(commands.OfType<SchedulerCommand.Assign>(), assign => Assert.Equal(1, assign.Work.Step));
    }

    [Fact]
    public void CompletesStep_TheLastValueOfAStepAlone()
    {
        Scheduler scheduler = Started();
        Assert.False(scheduler.CompletesStep(Received(second, 0, 2, 2)));
        Value(scheduler, first, 0, 0, 2);
        Assert.True(scheduler.CompletesStep(Received(second, 0, 2, 2)));
        Assert.False(scheduler.CompletesStep(Received(first, 0, 2, 2)));
        Assert.False(scheduler.CompletesStep(Received(second, 1, 2, 2)));
        Assert.False(scheduler.CompletesStep(Received(second, 0, 2, 1)));
        Assert.False(scheduler.CompletesStep(Received(third, 0, 2, 2)));
        Value(scheduler, second, 0, 2, 2);
        Assert.False(scheduler.CompletesStep(Received(second, 0, 2, 2)));
    }

    [Fact]
    public void NodeValue_Twice_SecondIsDropped()
    {
        Scheduler scheduler = Started();
        Value(scheduler, first, 0, 0, 2);
        Assert.IsType<SchedulerCommand.DropValue>(Assert.Single(Value(scheduler, first, 0, 0, 2)));
    }

    [Theory]
    [InlineData(0, 0, 4)]
    [InlineData(0, 2, 2)]
    [InlineData(1, 0, 2)]
    [InlineData(7, 0, 2)]
    public void NodeValue_NotAskedFor_IsDropped(long step, int node, int count)
    {
        Scheduler scheduler = Started();
        Assert.IsType<SchedulerCommand.DropValue>(Assert.Single(Value(scheduler, first, step, node, count)));
    }

    [Fact]
    public void WorkerGone_WithNodes_OthersGetThemAndAPersonIsTold()
    {
        Scheduler scheduler = Started();
        IReadOnlyList<SchedulerCommand> commands = scheduler.Handle(new SchedulerEvent.WorkerGone(first, "it died"));
        Assert.Equal("worker w1 lost at step 0; 1 node reassigned (it died)", Assert.Single(commands.OfType<SchedulerCommand.Notice>()).Line);
        SchedulerCommand.Assign assign = Assert.Single(commands.OfType<SchedulerCommand.Assign>());
        Assert.Equal((second, new ShardNode(0, 2)), (assign.Worker, Assert.Single(assign.Nodes)));
        Assert.Equal(1, scheduler.NodesReassigned);

        // What it had sent on the way counts for nothing.
        Assert.IsType<SchedulerCommand.DropValue>(Assert.Single(Value(scheduler, first, 0, 0, 2)));
        Value(scheduler, second, 0, 2, 2);
        Assert.Single(Value(scheduler, second, 0, 0, 2).OfType<SchedulerCommand.CommitStep>());
    }

    [Fact]
    public void WorkerGone_AfterItsAnswer_NothingIsReassigned()
    {
        Scheduler scheduler = Started();
        Value(scheduler, first, 0, 0, 2);
        IReadOnlyList<SchedulerCommand> commands = scheduler.Handle(new SchedulerEvent.WorkerGone(first, "it died"));
        Assert.Empty(commands.OfType<SchedulerCommand.Assign>());
        Assert.Equal(0, scheduler.NodesReassigned);
        Assert.Single(Value(scheduler, second, 0, 2, 2).OfType<SchedulerCommand.CommitStep>());
    }

    [Fact]
    public void WorkerReady_DuringAStep_TakesPartFromTheNext()
    {
        Scheduler scheduler = Started();
        IReadOnlyList<SchedulerCommand> commands = Ready(scheduler, third);
        Assert.Equal("worker w3 joined at step 0", Assert.Single(commands.OfType<SchedulerCommand.Notice>()).Line);
        Assert.Empty(commands.OfType<SchedulerCommand.Assign>());
        Value(scheduler, first, 0, 0, 2);
        Assert.Contains(Value(scheduler, second, 0, 2, 2).OfType<SchedulerCommand.Assign>(), assign => assign.Worker == third);
    }

    [Fact]
    public void WorkerThreadsChanged_DuringAStep_TheNextIsSharedOutByThem()
    {
        Scheduler scheduler = Started();
        scheduler.Handle(new SchedulerEvent.WorkerThreadsChanged(second, 3));
        Value(scheduler, first, 0, 0, 2);
        SchedulerCommand.Assign[] assigns = [.. Value(scheduler, second, 0, 2, 2).OfType<SchedulerCommand.Assign>()];
        Assert.Equal([first, second], assigns.Select(assign => assign.Worker));
        Assert.Equal([new ShardNode(0, 1)], assigns[0].Nodes);
        Assert.Equal([new ShardNode(1, 1), new ShardNode(2, 2)], assigns[1].Nodes);
    }

    [Fact]
    public void WorkerReady_MoreThanShards_RestIdle()
    {
        Scheduler scheduler = Create(starting: 6);
        IReadOnlyList<SchedulerCommand> commands = [];
        for (int number = 1; number <= 6; number++)
            commands = [.. Ready(scheduler, new WorkerId(number))];
        SchedulerCommand.Assign[] assigns = [.. commands.OfType<SchedulerCommand.Assign>()];
        Assert.Equal(4, assigns.Length);
        Assert.Equal([0, 1, 2, 3], assigns.SelectMany(assign => assign.Nodes).Select(node => node.First).Order());
    }

    [Fact]
    public void ClockTicked_SilentWorker_IsEvicted()
    {
        Scheduler scheduler = Started();
        scheduler.Handle(new SchedulerEvent.WorkerHeard(second, TimeSpan.FromSeconds(5)));
        IReadOnlyList<SchedulerCommand> commands = scheduler.Handle(new SchedulerEvent.ClockTicked(TimeSpan.FromSeconds(8.5)));
        Assert.Equal(first, Assert.Single(commands.OfType<SchedulerCommand.Evict>()).Worker);
    }

    // It says that it lives, and never answers: nobody else is there to do it.
    [Fact]
    public void ClockTicked_NoAnswerForTooLong_IsEvicted()
    {
        Scheduler scheduler = Create(starting: 1);
        Ready(scheduler, first);
        scheduler.Handle(new SchedulerEvent.WorkerHeard(first, TimeSpan.FromSeconds(60)));
        Assert.Empty(Tick(scheduler, 60).OfType<SchedulerCommand.Evict>());
        Assert.Equal(
            [new SchedulerCommand.Evict(first, "no answer for 60 s (--worker-timeout)")], Tick(scheduler, 60.25).OfType<SchedulerCommand.Evict>());
    }

    [Fact]
    public void ClockTicked_NobodyCame_FailsAfterTheTimeout()
    {
        Scheduler scheduler = Create(starting: 2);
        Ready(scheduler, first);
        Assert.Empty(Tick(scheduler, 60).OfType<SchedulerCommand.Finish>());
        SchedulerCommand.Finish end = Assert.Single(Tick(scheduler, 61).OfType<SchedulerCommand.Finish>());
        Assert.Equal((RunEnd.Failed, "1 of 2 workers after waiting for 60 s (--worker-timeout)"), (end.End, end.Reason));
        Assert.Empty(Ready(scheduler, second));
    }

    [Fact]
    public void ClockTicked_LastWorkerLostForTooLong_SavesWhatWasCommittedAndFails()
    {
        Scheduler scheduler = Create(starting: 1);
        Ready(scheduler, first);
        Value(scheduler, first, 0, 0, 4);
        scheduler.Handle(new SchedulerEvent.WorkerGone(first, "it died"));

        IReadOnlyList<SchedulerCommand> commands = Tick(scheduler, 61);

        Assert.Equal(1, Assert.Single(commands.OfType<SchedulerCommand.SaveCheckpoint>()).NextStep);
        SchedulerCommand.Finish end = Assert.Single(commands.OfType<SchedulerCommand.Finish>());
        Assert.Equal((RunEnd.Failed, "0 of 1 workers after waiting for 60 s (--worker-timeout)"), (end.End, end.Reason));
    }

    // Clocks tell the time since the machine started, not since the run did.
    [Fact]
    public void WorkerReady_BeforeTheFirstTick_IsNeitherEvictedNorWaitedForTooLong()
    {
        Scheduler scheduler = Create(starting: 2, start: 3600);
        Ready(scheduler, first);
        Assert.Equal([new SchedulerCommand.WaitForWorkers(1, 2)], Tick(scheduler, 3600.25));
    }

    [Fact]
    public void StopRequested_BelowMinimumBeforeTheEvaluation_EndsWithTheEpochsCheckpoint()
    {
        Scheduler scheduler = Create(starting: 2, minimum: 2);
        Ready(scheduler, first);
        Ready(scheduler, second);
        Value(scheduler, first, 0, 0, 2);
        Value(scheduler, second, 0, 2, 2);
        Value(scheduler, first, 1, 0, 2);
        scheduler.Handle(new SchedulerEvent.WorkerGone(second, "it died"));
        Value(scheduler, first, 1, 2, 2);
        Assert.Equal(WorkKind.Evaluation, scheduler.Current.Kind);

        IReadOnlyList<SchedulerCommand> commands = scheduler.Handle(new SchedulerEvent.StopRequested());

        Assert.Equal(2, Assert.Single(commands.OfType<SchedulerCommand.SaveCheckpoint>()).NextStep);
        Assert.Equal(RunEnd.Interrupted, Assert.Single(commands.OfType<SchedulerCommand.Finish>()).End);
    }

    [Fact]
    public void StopRequested_AtAnEpochsEnd_DoesNotLetItsCheckpointWait()
    {
        var scheduler = new Scheduler(plan with { Epochs = 5 }, new SchedulerOptions(1, 1, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(8)), TimeSpan.Zero);
        Ready(scheduler, first);
        Value(scheduler, first, 0, 0, 4);
        Value(scheduler, first, 1, 0, 4);
        scheduler.Handle(new SchedulerEvent.StopRequested());

        IReadOnlyList<SchedulerCommand> commands =
            scheduler.Handle(new SchedulerEvent.NodeValueReceived(first, WorkKind.Evaluation, 2, new ShardNode(0, 1), TimeSpan.Zero));

        Assert.Equal(
            [new SchedulerCommand.SaveCheckpoint(2, CanWait: true), new SchedulerCommand.SaveCheckpoint(2, CanWait: false)],
            commands.OfType<SchedulerCommand.SaveCheckpoint>().ToArray());
        Assert.Equal(RunEnd.Interrupted, Assert.Single(commands.OfType<SchedulerCommand.Finish>()).End);
    }

    [Fact]
    public void StopRequested_AtTheEndOfOneOfTheLastEpochs_SavesOnce()
    {
        Scheduler scheduler = Create(starting: 1);
        Ready(scheduler, first);
        Value(scheduler, first, 0, 0, 4);
        Value(scheduler, first, 1, 0, 4);
        scheduler.Handle(new SchedulerEvent.StopRequested());

        IReadOnlyList<SchedulerCommand> commands =
            scheduler.Handle(new SchedulerEvent.NodeValueReceived(first, WorkKind.Evaluation, 2, new ShardNode(0, 1), TimeSpan.Zero));

        Assert.Equal([new SchedulerCommand.SaveCheckpoint(2, CanWait: false)], commands.OfType<SchedulerCommand.SaveCheckpoint>().ToArray());
    }

    [Fact]
    public void WorkerGivenUp_AllFailedAndNobodyThere_FailsAtOnceWithTheCause()
    {
        Scheduler scheduler = Create(starting: 2);
        Assert.Empty(scheduler.Handle(new SchedulerEvent.WorkerGivenUp("w1", "w1 crashed", Failed: true)).OfType<SchedulerCommand.Finish>());
        IReadOnlyList<SchedulerCommand> commands = scheduler.Handle(new SchedulerEvent.WorkerGivenUp("w2", "w2 crashed", Failed: true));
        SchedulerCommand.Finish end = Assert.Single(commands.OfType<SchedulerCommand.Finish>());
        Assert.Equal((RunEnd.Failed, "w2 crashed"), (end.End, end.Reason));
    }

    [Fact]
    public void WorkerGivenUp_ItsConnectionNotYetGone_FailsAllTheSame()
    {
        Scheduler scheduler = Create(starting: 1);
        Ready(scheduler, first);
        IReadOnlyList<SchedulerCommand> commands = scheduler.Handle(new SchedulerEvent.WorkerGivenUp("w1", "w1 crashed", Failed: true));
        Assert.Equal(RunEnd.Failed, Assert.Single(commands.OfType<SchedulerCommand.Finish>()).End);
        Assert.Equal(0, Assert.Single(commands.OfType<SchedulerCommand.SaveCheckpoint>()).NextStep);
    }

    [Fact]
    public void WorkerGivenUp_AskedToLeave_WaitsForOthers()
    {
        Scheduler scheduler = Create(starting: 1);
        IReadOnlyList<SchedulerCommand> commands = scheduler.Handle(new SchedulerEvent.WorkerGivenUp("w1", "w1 left", Failed: false));
        Assert.Equal([new SchedulerCommand.Notice(NoticeKind.WorkerGivenUp, "w1 left", "w1"), new SchedulerCommand.WaitForWorkers(0, 1)], commands);
    }

    [Fact]
    public void WorkerGone_BelowMinimum_WaitsAndGoesOnWhenOneJoins()
    {
        Scheduler scheduler = Create(starting: 1);
        Ready(scheduler, first);
        Assert.Contains(
            new SchedulerCommand.WaitForWorkers(0, 1), scheduler.Handle(new SchedulerEvent.WorkerGone(first, "it died")));
        SchedulerCommand.Assign assign = Assert.Single(Ready(scheduler, second).OfType<SchedulerCommand.Assign>());
        Assert.Equal([new ShardNode(0, 4)], assign.Nodes);
    }

    [Fact]
    public void StopRequested_DuringAStep_EndsAfterItWithACheckpoint()
    {
        Scheduler scheduler = Started();
        Assert.Empty(scheduler.Handle(new SchedulerEvent.StopRequested()));
        Value(scheduler, first, 0, 0, 2);
        IReadOnlyList<SchedulerCommand> commands = Value(scheduler, second, 0, 2, 2);
        Assert.Equal(1, Assert.Single(commands.OfType<SchedulerCommand.SaveCheckpoint>()).NextStep);
        Assert.Equal(RunEnd.Interrupted, Assert.Single(commands.OfType<SchedulerCommand.Finish>()).End);
    }

    [Fact]
    public void Run_OneWorker_EvaluatesAndSavesAfterEachEpochAndEnds()
    {
        Scheduler scheduler = Create(starting: 1);
        var commands = new Queue<SchedulerCommand>(Ready(scheduler, first));
        List<string> done = [];
        while (commands.TryDequeue(out SchedulerCommand? command))
        {
            switch (command)
            {
                case SchedulerCommand.Assign assign:
                    foreach (ShardNode node in assign.Nodes)
                    {
                        foreach (SchedulerCommand next in scheduler.Handle(new SchedulerEvent.NodeValueReceived(first, assign.Work.Kind, assign.Work.Step, node, TimeSpan.Zero)))
                            commands.Enqueue(next);
                    }

                    break;
                case SchedulerCommand.CommitStep commit: done.Add($"{commit.Work.Step}"); break;
                case SchedulerCommand.CommitEvaluation: done.Add("evaluated"); break;
                case SchedulerCommand.SaveCheckpoint save: done.Add($"saved {save.NextStep}"); break;
                case SchedulerCommand.Finish end: done.Add($"{end.End}"); break;
            }
        }

        Assert.Equal(["0", "1", "evaluated", "saved 2", "2", "3", "evaluated", "saved 4", "Completed"], done);
    }

    [Theory]
    [InlineData(true, WorkKind.Evaluation, 0)]
    [InlineData(false, WorkKind.Training, 1)]
    public void WorkerReady_RunGoesOnAtAnEpochsEnd_EvaluatesWhatWasNot(bool pending, WorkKind kind, int epoch)
    {
        var scheduler = new Scheduler(plan, new SchedulerOptions(1, 1, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(8)), TimeSpan.Zero, firstStep: 2, pending);
        SchedulerCommand.Assign assign = Assert.Single(Ready(scheduler, first).OfType<SchedulerCommand.Assign>());
        Assert.Equal((kind, epoch, 2), (assign.Work.Kind, assign.Work.Epoch, assign.Work.Step));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(64)]
    public void Begin_AnyNumberOfWorkers_EveryShardIsGivenOnceInFewNodes(int workers)
    {
        const int shards = 64;
        var scheduler = new Scheduler(new TrainingPlan(256, 256, 1, shards, 10, 0), new SchedulerOptions(workers, 1, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(8)), TimeSpan.Zero);
        IReadOnlyList<SchedulerCommand> commands = [];
        for (int number = 1; number <= workers; number++)
            commands = [.. Ready(scheduler, new WorkerId(number))];
        SchedulerCommand.Assign[] assigns = [.. commands.OfType<SchedulerCommand.Assign>()];
        Assert.Equal(Enumerable.Range(0, shards), assigns.SelectMany(assign => assign.Nodes).SelectMany(node => Enumerable.Range(node.First, node.Count)).Order());
        Assert.All(assigns, assign => Assert.InRange(assign.Nodes.Count, 1, int.IsPow2(workers) ? 1 : 2 * int.Log2(shards)));
        Assert.All(assigns.SelectMany(assign => assign.Nodes), node => Assert.True(node.IsNodeOf(shards)));
    }

    private static Scheduler Create(int starting, int minimum = 1, double start = 0) =>
        new(plan, new SchedulerOptions(starting, minimum, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(8)), TimeSpan.FromSeconds(start));

    /// <summary>Two workers compute step 0: w1 shards 0 and 1, w2 shards 2 and 3.</summary>
    private static Scheduler Started()
    {
        Scheduler scheduler = Create(starting: 2);
        Ready(scheduler, first);
        Ready(scheduler, second);
        return scheduler;
    }

    private static IReadOnlyList<SchedulerCommand> Ready(Scheduler scheduler, WorkerId worker) =>
        scheduler.Handle(new SchedulerEvent.WorkerReady(worker, $"w{worker.Number}", 1));

    private static IReadOnlyList<SchedulerCommand> Tick(Scheduler scheduler, double seconds) =>
        scheduler.Handle(new SchedulerEvent.ClockTicked(TimeSpan.FromSeconds(seconds)));

    private static IReadOnlyList<SchedulerCommand> Value(Scheduler scheduler, WorkerId worker, long step, int node, int count) =>
        scheduler.Handle(Received(worker, step, node, count));

    private static SchedulerEvent.NodeValueReceived Received(WorkerId worker, long step, int node, int count) =>
        new(worker, WorkKind.Training, step, new ShardNode(node, count), TimeSpan.Zero);
}
