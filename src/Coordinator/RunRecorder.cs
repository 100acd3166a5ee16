using Backprop.Coordinator.Commands;
using Backprop.Coordinator.Progress;
using Backprop.Coordinator.Reports;
using Backprop.Coordinator.Terminal;
using Backprop.Scheduling;
using Backprop.Core;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Sharding;
using Backprop.Core.Training;

namespace Backprop.Coordinator;

/// <summary>
/// Keeps the record of a run, whoever trains it: counts steps and examples, measures training time, writes the run
/// directory, and tells the reporters.
/// </summary>
internal sealed class RunRecorder : ITrainingObserver, IAsyncDisposable
{
    private static readonly TimeSpan PublishInterval = TimeSpan.FromMilliseconds(200);

    private readonly RunSetup setup;
    private readonly RunDirectory directory;
    private readonly IRunReporter files;
    private readonly IRunReporter reporter;
    private readonly TimeProvider time;
    private readonly ProgressRate rate;
    private readonly RunLog log;
    private readonly Dictionary<ShardNode, string> inProcess;
    private readonly long start;
    private readonly long examplesBefore;
    private long mark;
    private long published;
    private TimeSpan trainingTime;
    private long steps;
    private long examples;
    private NodeTotals epochTotals;
    private EpochResult? lastEpoch;
    private Parameters? checkpointed;
    private (long NextStep, NodeTotals EpochTotals)? saved;
    private RunPhase phase = RunPhase.Starting;
    private bool begun;
    private (long Examples, TimeSpan Time) epochStart;

    /// <param name="files">Is told before the others, so that what they say was written is.</param>
    /// <param name="lastEpoch">What the last epoch before the start came to; null where there is none.</param>
    public RunRecorder(
        RunSetup setup, RunDirectory directory, IRunReporter files, IRunReporter reporter, TimeProvider time,
        EpochResult? lastEpoch = null)
    {
        this.files = files;
        this.setup = setup;
        this.directory = directory;
        this.reporter = reporter;
        this.time = time;
        start = time.GetTimestamp();
        mark = start;
        this.lastEpoch = lastEpoch;
        steps = setup.Start.NextStep;
        examples = examplesBefore = setup.Plan.ExamplesBefore(steps);
        epochStart = (examples, TimeSpan.Zero);
        epochTotals = setup.Start.EpochTotals;
        if (directory.NewestCheckpoint is not null)
            saved = (steps, epochTotals);
        rate = new ProgressRate(setup.Plan.StepCount, steps, time);
        log = new RunLog(directory.FullPath, time, reporter.Noticed);
        inProcess = new Dictionary<ShardNode, string> { [new ShardNode(0, setup.Plan.Shards)] = "in-process" };
        Latest = Snapshot();
    }

    /// <summary>Asked for the workers whenever a snapshot is taken; none with --in-process.</summary>
    public Func<IReadOnlyList<WorkerSnapshot>> Workers { get; set; } = () => [];

    /// <summary>Workers that training needs, or starts with.</summary>
    public int WantedWorkers { get; set; }

    /// <summary>The snapshot taken last.</summary>
    public ProgressSnapshot Latest { get; private set; }

    /// <summary>Steps committed by now, to be asked from any thread.</summary>
    public long CommittedSteps => Volatile.Read(ref steps);

    /// <summary>From the first assignment to the last commit, evaluations left out; waiting for lost workers and for checkpoints counts.</summary>
    public TimeSpan TrainingTime => trainingTime;

    public void RunStarted(RunDescription description)
    {
        WantedWorkers = description.WantedWorkers;

        // config.json comes first: whoever is killed after it leaves a directory that a resume knows, and sweeps.
        files.RunStarted(description);
        log.Begin(setup.Start.NextStep);
        log.Event(NoticeKind.RunStarted, setup.Start.NextStep, null, $"run {description.RunId} of {setup.Plan.StepCount} steps");
        reporter.RunStarted(description);
    }

    /// <summary>The run is in another phase from now on.</summary>
    public void Enter(RunPhase next)
    {
        if (next == phase)
            return;
        if (next == RunPhase.Training && !begun)
            mark = time.GetTimestamp();
        begun |= next == RunPhase.Training;
        phase = next;
        Publish();
    }

    public void StepCommitted(long step, NodeTotals totals) => StepCommitted(step, totals, inProcess);

    /// <summary>A step was committed with values that workers gave.</summary>
    public void StepCommitted(long step, NodeTotals totals, IReadOnlyDictionary<ShardNode, string> givers)
    {
        log.Committed(step, givers);
        long now = time.GetTimestamp();
        trainingTime += time.GetElapsedTime(mark, now);
        mark = now;
        if (steps > 0 && step % setup.Plan.StepsPerEpoch == 0)
            epochTotals = default;
        steps++;
        examples += totals.ExampleCount;
        epochTotals += totals;
        rate.Add(totals.ExampleCount);
        if (time.GetElapsedTime(published, now) >= PublishInterval)
            Publish();
    }

    public void EpochEvaluated(EpochResult result)
    {
        mark = time.GetTimestamp();
        lastEpoch = result;
        ProgressSnapshot snapshot = Publish() with { ExamplesPerSecond = RateOfEpoch() };
        files.EpochEnded(result, snapshot);
        reporter.EpochEnded(result, snapshot);
    }

    public void CheckpointDue(long nextStep, Parameters parameters, OptimizerState state, NodeTotals totals, bool canWait)
    {
        if (saved == (nextStep, totals) || (canWait && !directory.IsCheckpointAffordable))
            return;
        saved = (nextStep, totals);
        log.Flush();
        checkpointed = directory.SaveCheckpoint(setup, nextStep, parameters, state, totals, Notice).Parameters;
    }

    /// <summary>Takes checkpoints of more steps than these back: a wrong value went into them.</summary>
    public void DiscardCheckpoints(long afterStep)
    {
        checkpointed = directory.DiscardCheckpoints(afterStep, Notice)?.Parameters;
        saved = null;
    }

    public void Notice(string line) => Notice(NoticeKind.Warning, line);

    /// <summary>A worker has joined before training began: people see how many are awaited, machines are told each.</summary>
    public void JoinedAtStart(string worker)
    {
        if (!begun)
            log.Event(NoticeKind.WorkerJoined, steps, worker, $"worker {worker} joined");
    }

    /// <param name="worker">The worker's name, where it is about one.</param>
    public void Notice(NoticeKind kind, string line, string? worker = null)
    {
        log.Event(kind, steps, worker, line);
        reporter.Noticed(line);
    }

    /// <summary>Takes a snapshot and shows it.</summary>
    public ProgressSnapshot Publish()
    {
        published = time.GetTimestamp();
        Latest = Snapshot();
        reporter.Progressed(Latest);
        return Latest;
    }

    /// <summary>Gives the verdict, once everything is written; with an error where nothing of a completed run's weights could be.</summary>
    /// <param name="final">The weights of a run that was completed; null: those of the newest checkpoint, or the first ones.</param>
    public async Task<RunSummary> EndAsync(
        string status, string? error, Parameters? final, WorkersSummary workers, long nodesReassigned, long nodesCompared = 0)
    {
        Parameters parameters = final ?? checkpointed ?? setup.InitialParameters;
        phase = RunPhase.Ended;
        await directory.FinishCheckpointsAsync();
        Publish();
        string? model = directory.WriteModel(setup, parameters, Notice);
        if (final is not null && model is null && !directory.HasCheckpointOf(steps))
            error = "its weights are on no disk: neither the model nor a checkpoint of its last step could be written; make room, then resume does the rest";
        double seconds = Math.Max(trainingTime.TotalSeconds, 1e-9);
        var summary = new RunSummary
        {
            Status = status,
            Error = error,
            Dataset = setup.DatasetSummary,
            Layers = setup.Configuration.Layers,
            Epochs = setup.Configuration.Epochs,
            Steps = steps,
            ResumedFromStep = directory.IsResumed ? setup.Start.NextStep : null,
            Examples = examples,
            TrainingLoss = lastEpoch?.TrainingLoss,
            TestLoss = lastEpoch?.TestLoss,
            TestAccuracy = lastEpoch?.TestAccuracy,
            WeightsSha256 = parameters.ComputeSha256(),
            ElapsedSeconds = time.GetElapsedTime(start).TotalSeconds,
            TrainingSeconds = trainingTime.TotalSeconds,
            ExamplesPerSecond = (examples - examplesBefore) / seconds,
            StepsPerSecond = (steps - setup.Start.NextStep) / seconds,
            Workers = workers,
            NodesReassigned = nodesReassigned,
            NodesCompared = nodesCompared == 0 ? null : nodesCompared,
            Checkpoints = directory.CheckpointCount,
        };
        files.RunEnded(summary, []);
        log.Flush();
        log.Event(NoticeKind.RunEnded, steps, null, error is null ? status : $"{status}: {error}");
        Tell(summary, model);
        return summary;
    }

    /// <summary>
    /// Gives the verdict of a run that was complete before this sitting, as it was given then; what is missing of its
    /// files is written again.
    /// </summary>
    public async Task<RunSummary> EndAgainAsync()
    {
        Parameters final = setup.InitialParameters;
        if (SummaryFile.TryRead(directory.SummaryPath) is not { Status: "completed" } summary || summary.WeightsSha256 != final.ComputeSha256())
            return await EndAsync("completed", null, final, new WorkersSummary(0, 0, 0), nodesReassigned: 0);
        phase = RunPhase.Ended;
        Tell(summary, File.Exists(directory.ModelPath) ? directory.ModelPath : directory.WriteModel(setup, final, Notice));
        return summary;
    }

    /// <summary>Has what steps and the end of an epoch take of the record compiled: to be called before training, when workers are on their way.</summary>
    public void Rehearse()
    {
        directory.RehearseCheckpoint(setup);
        LedgerFile.Rehearse();
        MetricsFile.Rehearse();
        CompiledAhead.Types(
            typeof(RunRecorder), typeof(ProgressRate), typeof(RunLog), typeof(RunDirectoryReporter), typeof(EpochResult),
            typeof(EpochMetrics), typeof(CheckpointWriter), typeof(ReporterGroup), typeof(PlainReporter), typeof(ProgressText), typeof(LedgerFile));
    }

    public async ValueTask DisposeAsync()
    {
        await directory.FinishCheckpointsAsync();
        log.Dispose();
    }

    private void Tell(RunSummary summary, string? model)
    {
        List<string> written =
        [
            .. RunDirectoryReporter.PathsIn(directory.FullPath)
                .Concat(new[] { LedgerFile.Name, EventLogFile.Name }.Select(name => Path.Combine(directory.FullPath, name)))
                .Where(File.Exists),
        ];
        if (model is not null)
            written.Add(model);
        if (directory.NewestCheckpoint is { } checkpoint)
            written.Add(checkpoint);
        reporter.RunEnded(summary, written);
    }

    /// <summary>Examples a second over the epoch that has just ended.</summary>
    private double RateOfEpoch()
    {
        double rateOfEpoch = (examples - epochStart.Examples) / Math.Max((trainingTime - epochStart.Time).TotalSeconds, 1e-9);
        epochStart = (examples, trainingTime);
        return rateOfEpoch;
    }

    private ProgressSnapshot Snapshot()
    {
        int epoch = setup.Plan.EpochOf(Math.Max(0, steps - 1));
        double? loss = epochTotals.ExampleCount == 0 ? null : epochTotals.Cost / epochTotals.ExampleCount;
        IReadOnlyList<WorkerSnapshot> workers = Workers();
        int ready = workers.Count(worker => worker.Activity is WorkerActivity.Idle or WorkerActivity.Computing);
        return new ProgressSnapshot(
            phase, epoch, steps, loss, rate.PerSecond(trainingTime), time.GetElapsedTime(start), rate.Remaining(steps),
            ready, WantedWorkers, workers);
    }
}
