using Backprop.Coordinator.Commands;
using Backprop.Core;
using Backprop.Core.Formats;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Reports;

/// <summary>
/// The directory that a run writes, locked while it does, and the weights in it: checkpoints on the way, the model at
/// the end.
/// </summary>
internal sealed class RunDirectory : IDisposable
{
    public const string CheckpointsName = "checkpoints";
    private const string ModelName = "model.safetensors";

    private readonly RunLock held;
    private readonly IReadOnlyList<string> made;
    private readonly TimeProvider time;
    private CheckpointWriter checkpoints;

    private RunDirectory(string fullPath, RunLock held, IReadOnlyList<string> made, TimeProvider time)
    {
        FullPath = fullPath;
        this.held = held;
        this.made = made;
        this.time = time;
        checkpoints = new CheckpointWriter(CheckpointsPath, time);
    }

    public string FullPath { get; }

    public string ConfigPath => Path.Combine(FullPath, ConfigFile.Name);

    public string ModelPath => Path.Combine(FullPath, ModelName);

    public string SummaryPath => Path.Combine(FullPath, SummaryFile.Name);

    /// <summary>Whether a run goes on in it.</summary>
    public bool IsResumed { get; private init; }

    public int CheckpointCount => checkpoints.WrittenCount;

    /// <inheritdoc cref="CheckpointWriter.IsAffordable"/>
    public bool IsCheckpointAffordable => checkpoints.IsAffordable;

    public string? NewestCheckpoint => checkpoints.Newest;

    /// <summary>Whether the newest one holds the weights after as many steps.</summary>
    public bool HasCheckpointOf(long nextStep) => checkpoints.Newest == CheckpointFiles.PathOf(CheckpointsPath, nextStep);

    private string CheckpointsPath => Path.Combine(FullPath, CheckpointsName);

    /// <summary>Makes and locks the directory of a run that starts.</summary>
    /// <exception cref="UserErrorException">It cannot be made, has files in it already, or is another run's.</exception>
    public static async Task<RunDirectory> CreateAsync(string path, TimeProvider time)
    {
        string fullPath = FullPathOf(path);
        List<string> made = [];
        for (string? missing = fullPath; missing is not null && !Directory.Exists(missing); missing = Path.GetDirectoryName(missing))
            made.Add(missing);
        try
        {
            // Where there is a lock it says more than the files beside it.
            if (made.Count == 0 && !File.Exists(Path.Combine(fullPath, RunLock.Name)))
                RequireEmpty(path, fullPath);
            Directory.CreateDirectory(fullPath);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            string problem = File.Exists(fullPath) ? "is a file; --run-dir takes a directory that is new or empty." : $"cannot be made: {error.Message}";
            throw new UserErrorException($"run directory {path} {problem}", error);
        }

        RunLock held = await RunLock.TakeAsync(fullPath, time);
        try
        {
            // A coordinator that was killed in its first moments leaves nothing that a run could go on from.
            AtomicFile.SweepLeftovers(fullPath);
            RequireEmpty(path, fullPath);
        }
        catch
        {
            held.Dispose();
            throw;
        }

        return new RunDirectory(fullPath, held, made, time);
    }

    /// <summary>Whether a run was begun in it that could go on.</summary>
    public static bool HoldsRun(string path) =>
        File.Exists(Path.Combine(FullPathOf(path), ConfigFile.Name)) || CheckpointFiles.NewestFirst(Path.Combine(FullPathOf(path), CheckpointsName)).Count > 0;

    /// <summary>Locks the directory of a run that goes on, and sweeps what a killed coordinator left half written.</summary>
    /// <exception cref="UserErrorException">There is no run in it, or another process is at it.</exception>
    public static async Task<RunDirectory> OpenAsync(string path, TimeProvider time)
    {
        string fullPath = FullPathOf(path);
        if (!Directory.Exists(fullPath))
            throw new UserErrorException($"resume {path}: there is no such directory; it takes the run directory of a run.");
        if (!HoldsRun(path))
        {
            throw new UserErrorException(
                $"resume {path}: it has neither {ConfigFile.Name} nor a checkpoint, so no run was begun there; it takes the run directory of a run.");
        }

        RunLock held = await RunLock.TakeAsync(fullPath, time);
        AtomicFile.SweepLeftovers(fullPath);
        AtomicFile.SweepLeftovers(Path.Combine(fullPath, CheckpointsName));
        CheckpointWriter.SweepRehearsals(fullPath);
        return new RunDirectory(fullPath, held, [], time) { IsResumed = true };
    }

    /// <inheritdoc cref="CheckpointFiles.ReadNewest"/>
    public (string Path, Checkpoint Checkpoint)? ReadNewestCheckpoint(out IReadOnlyList<string> refused)
    {
        (string Path, Checkpoint Checkpoint)? found = CheckpointFiles.ReadNewest(CheckpointsPath, out refused);
        checkpoints = new CheckpointWriter(CheckpointsPath, time, found?.Path);
        return found;
    }

    /// <summary>How many steps ledger.jsonl tells of; 0 where it cannot be read.</summary>
    public long StepsOfLedger()
    {
        try
        {
            string path = Path.Combine(FullPath, LedgerFile.Name);
            return File.Exists(path) ? LedgerFile.Read(path).Sum(entry => entry.Steps) : 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>What metrics.jsonl says of the last epoch before the start; null where it says nothing.</summary>
    public EpochResult? LastEpochBefore(RunSetup setup)
    {
        string path = Path.Combine(FullPath, MetricsFile.Name);
        int next = setup.Start.FirstEpoch(setup.Plan);
        if (!IsResumed || !File.Exists(path) || MetricsFile.Read(path).LastOrDefault(line => line.Epoch == next - 1) is not { } last)
            return null;
        int tests = setup.Plan.TestExamples;
        return new EpochResult(
            last.Epoch, last.Step, last.TrainingLoss, last.TestLoss, (int)Math.Round(last.TestAccuracy * tests), tests, TimeSpan.Zero);
    }

    /// <summary>Opens something that the run needs; where that fails, the directories that were made for it are taken away.</summary>
    /// <exception cref="UserErrorException">It cannot be opened.</exception>
    public async Task<T> KeepIfAsync<T>(Func<Task<T>> open)
    {
        try
        {
            return await open();
        }
        catch (UserErrorException)
        {
            TakeBack();
            throw;
        }
    }

    /// <summary>Takes away the directories that were made, when the run could not be started.</summary>
    public void TakeBack()
    {
        if (made.Count == 0)
            return;
        held.Dispose();
        try
        {
            File.Delete(Path.Combine(FullPath, RunLock.Name));
            foreach (string path in made)
                Directory.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Something else is in it by now: it stays.
        }
    }

    /// <inheritdoc cref="CheckpointWriter.Rehearse"/>
    public void RehearseCheckpoint(RunSetup setup) => checkpoints.Rehearse(
        CheckpointOf(setup, setup.Start.NextStep, setup.InitialParameters, new OptimizerState(null), setup.Start.EpochTotals));

    /// <summary>Writes a checkpoint of a copy of the weights while training goes on.</summary>
    /// <returns>The checkpoint with its copies.</returns>
    public Checkpoint SaveCheckpoint(
        RunSetup setup, long nextStep, Parameters parameters, OptimizerState state, NodeTotals epochTotals,
        Action<string> notice)
    {
        Checkpoint checkpoint = CheckpointOf(setup, nextStep, parameters.Copy(), new OptimizerState(state.Velocity?.Copy()), epochTotals);
        checkpoints.Save(checkpoint, notice);
        return checkpoint;
    }

    /// <summary>Takes back the checkpoints of more steps than these.</summary>
    /// <returns>The newest that is left; null when there is none.</returns>
    public Checkpoint? DiscardCheckpoints(long afterStep, Action<string> notice) => checkpoints.DiscardAfter(afterStep, notice);

    public Task FinishCheckpointsAsync() => checkpoints.FinishAsync();

    /// <summary>Writes the weights as they are at the end.</summary>
    /// <returns>The path; null when it could not be written, which is told.</returns>
    public string? WriteModel(RunSetup setup, Parameters parameters, Action<string> notice)
    {
        try
        {
            ModelFile.Write(ModelPath, parameters, setup.Metadata);
            return ModelPath;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            notice($"WARNING: {ModelPath} could not be written: {error.Message}");
            return null;
        }
    }

    /// <summary>Lets others have it.</summary>
    public void Dispose() => held.Dispose();

    private static Checkpoint CheckpointOf(
        RunSetup setup, long nextStep, Parameters parameters, OptimizerState state, NodeTotals epochTotals) =>
        new(setup.Configuration, ProgramVersion.Text, nextStep, parameters, state, epochTotals);

    private static string FullPathOf(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));

    /// <summary>Beside the lock there is nothing in it.</summary>
    private static void RequireEmpty(string path, string fullPath)
    {
        if (Directory.EnumerateFileSystemEntries(fullPath).Any(entry => Path.GetFileName(entry) is not (RunLock.Name or RunLock.OwnerName)))
            throw new UserErrorException($"run directory {path} is not empty; --run-dir takes one that is new or empty, and resume goes on with a run.");
    }
}
