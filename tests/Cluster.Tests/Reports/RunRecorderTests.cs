using Backprop.Cluster.Tests.Commands;
using Backprop.Coordinator;
using Backprop.Coordinator.Commands;
using Backprop.Coordinator.Progress;
using Backprop.Coordinator.Reports;
using Backprop.Core.Data;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Training;
using Microsoft.Extensions.Time.Testing;

namespace Backprop.Cluster.Tests.Reports;

public sealed class RunRecorderTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly FakeTimeProvider time = new();

    public void Dispose() => directory.Dispose();

    /// <summary>Training stands still while a checkpoint's weights are copied, and while it waits for the one before.</summary>
    [Fact]
    public async Task TrainingTime_CheckpointBetweenTwoSteps_CountsItsTime()
    {
        using RunDirectory run = await RunDirectory.CreateAsync(Path.Combine(directory.Path, "run"), TimeProvider.System);
        RunSetup setup = Setup();
        await using var recorder = new RunRecorder(setup, run, new Recording(), new Recording(), time);
        recorder.RunStarted(SampleRun.Description);
        time.Advance(TimeSpan.FromSeconds(100));
        recorder.Enter(RunPhase.Training);
        time.Advance(TimeSpan.FromSeconds(1));
        recorder.StepCommitted(0, new NodeTotals(6, 0, 0));
        time.Advance(TimeSpan.FromSeconds(2));
        recorder.CheckpointDue(1, setup.InitialParameters, new OptimizerState(null), new NodeTotals(6, 0, 0), canWait: false);
        time.Advance(TimeSpan.FromSeconds(4));
        recorder.StepCommitted(1, new NodeTotals(6, 0, 0));

        Assert.Equal(TimeSpan.FromSeconds(1 + 2 + 4), recorder.TrainingTime);
    }

    /// <summary>A kill between the two would leave a directory that is neither empty nor a run's.</summary>
    [Fact]
    public async Task RunStarted_ConfigurationComesFirst()
    {
        using RunDirectory run = await RunDirectory.CreateAsync(Path.Combine(directory.Path, "run"), TimeProvider.System);
        var files = new Recording(run.FullPath);
        await using var recorder = new RunRecorder(Setup(), run, files, new Recording(), time);
        recorder.RunStarted(SampleRun.Description);
        Assert.Equal([".lock", ".lock-owner"], files.Found);
    }

    [Fact]
    public async Task RunStarted_LedgerOfAResumedRunIsGone_SaysWhatCannotBeProven()
    {
        using RunDirectory run = await RunDirectory.CreateAsync(Path.Combine(directory.Path, "run"), TimeProvider.System);
        RunSetup setup = Setup();
        setup = setup with { Start = setup.Start with { NextStep = 3 } };
        var told = new Recording();
        await using var recorder = new RunRecorder(setup, run, new Recording(), told, time);
        recorder.RunStarted(SampleRun.Description);
        Assert.Contains(told.Lines, line => line.EndsWith("ledger.jsonl tells nothing of steps 0 to 2: verify can prove nothing of them", StringComparison.Ordinal));
    }

    private static RunSetup Setup()
    {
        static ExampleSet Examples(int count) =>
            ExampleSet.FromBytes(new byte[count * 4], 16, [.. Enumerable.Range(0, count).Select(i => i % 2)], 4, 2);
        RunConfiguration configuration = SampleRun.Configuration;
        NetworkShape shape = configuration.Shape;
        return new RunSetup(
            configuration, NetworkModel.Create(shape, configuration.Activations, configuration.Cost),
            configuration.Plan(12, 3, checkpointEvery: 1), new Dataset("tiny", Examples(12), Examples(3)),
            new TrainingStart(ParameterInitializers.Create("scaled-gaussian", shape, 1)));
    }

    private sealed class Recording(string? directory = null) : IRunReporter
    {
        /// <summary>What was in the directory when the run was announced.</summary>
        public IReadOnlyList<string?> Found { get; private set; } = [];

        public List<string> Lines { get; } = [];

        public void RunStarted(RunDescription description)
        {
            if (directory is not null)
                Found = [.. Directory.GetFileSystemEntries(directory).Select(Path.GetFileName).Order()];
        }

        public void Progressed(ProgressSnapshot snapshot)
        {
        }

        public void EpochEnded(EpochResult result, ProgressSnapshot snapshot)
        {
        }

        public void Noticed(string line) => Lines.Add(line);

        public void RunEnded(RunSummary summary, IReadOnlyList<string> writtenFiles)
        {
        }
    }
}
