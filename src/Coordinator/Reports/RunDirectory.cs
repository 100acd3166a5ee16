using Backprop.Coordinator.Commands;
using Backprop.Core;
using Backprop.Core.Formats;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;

namespace Backprop.Coordinator.Reports;

/// <summary>The directory that a run writes, and the weights in it: checkpoints on the way, the model at the end.</summary>
internal sealed class RunDirectory
{
    private const string ModelName = "model.safetensors";

    private readonly CheckpointWriter checkpoints;
    private readonly List<string> made = [];

    /// <exception cref="UserErrorException">It cannot be made, or has files in it already.</exception>
    public RunDirectory(string path)
    {
        FullPath = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        for (string? missing = FullPath; missing is not null && !Directory.Exists(missing); missing = Path.GetDirectoryName(missing))
            made.Add(missing);
        try
        {
            if (Directory.Exists(FullPath) && Directory.EnumerateFileSystemEntries(FullPath).Any())
                throw new UserErrorException($"--run-dir {path} is not empty; give a new directory, or an empty one.");
            Directory.CreateDirectory(FullPath);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--run-dir {path} cannot be made: {error.Message}", error);
        }

        checkpoints = new CheckpointWriter(Path.Combine(FullPath, "checkpoints"));
    }

    public string FullPath { get; }

    public int CheckpointCount => checkpoints.WrittenCount;

    public string? NewestCheckpoint => checkpoints.Newest;

    /// <summary>Takes away the directories that were made, when the run could not be started.</summary>
    public void TakeBack()
    {
        try
        {
            foreach (string path in made)
                Directory.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Something else is in it by now: it stays.
        }
    }

    /// <summary>Writes a checkpoint of a copy of the weights while training goes on.</summary>
    /// <returns>The checkpoint with its copies.</returns>
    public Checkpoint SaveCheckpoint(
        RunSetup setup, long nextStep, Parameters parameters, OptimizerState state, NodeTotals epochTotals,
        Action<string> notice)
    {
        var copied = new OptimizerState(state.Velocity?.Copy());
        var checkpoint = new Checkpoint(
            setup.Configuration, ProgramVersion.Text, nextStep, parameters.Copy(), copied, epochTotals);
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
        string path = Path.Combine(FullPath, ModelName);
        try
        {
            ModelFile.Write(path, parameters, setup.Metadata);
            return path;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            notice($"WARNING: {path} could not be written: {error.Message}");
            return null;
        }
    }
}
