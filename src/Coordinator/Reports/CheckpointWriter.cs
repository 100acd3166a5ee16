using Backprop.Core;
using Backprop.Core.Formats;

namespace Backprop.Coordinator.Reports;

/// <summary>
/// Writes checkpoints beside the training, in their order, and keeps the newest three. When the disk is slower than
/// training, training waits for it rather than let unwritten checkpoints pile up.
/// </summary>
internal sealed class CheckpointWriter(string directory)
{
    private const int Kept = 3;

    private Task writing = Task.CompletedTask;
    private int written;

    /// <summary>Checkpoints that stand on the disk, those swept since included.</summary>
    public int WrittenCount => Volatile.Read(ref written);

    /// <summary>The newest one written; null before the first.</summary>
    public string? Newest { get; private set; }

    /// <param name="checkpoint">Must not change while it is being written: a copy of the weights.</param>
    /// <param name="notice">Told in one line when it cannot be written; training goes on.</param>
    public void Save(Checkpoint checkpoint, Action<string> notice)
    {
        writing.Wait();
        writing = Task.Run(() =>
        {
            try
            {
                Write(checkpoint);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                notice($"WARNING: no checkpoint at step {checkpoint.NextStep}: {error.Message}; training goes on");
            }
        });
    }

    /// <summary>Waits until the last one is written.</summary>
    public Task FinishAsync() => writing;

    /// <summary>Deletes the checkpoints of more steps than these.</summary>
    /// <returns>The newest that is left; null when there is none.</returns>
    public Checkpoint? DiscardAfter(long step, Action<string> notice)
    {
        writing.Wait();
        Checkpoint? newest = null;
        Newest = null;
        foreach (string path in Directory.Exists(directory) ? Directory.GetFiles(directory, "step-*.safetensors") : [])
        {
            try
            {
                Checkpoint checkpoint = CheckpointFile.Read(path);
                if (checkpoint.NextStep > step)
                    File.Delete(path);
                else if (newest is null || checkpoint.NextStep > newest.NextStep)
                    (newest, Newest) = (checkpoint, path);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or UserErrorException)
            {
                notice($"WARNING: {path} could not be taken back: {error.Message}");
            }
        }

        return newest;
    }

    private void Write(Checkpoint checkpoint)
    {
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, $"step-{checkpoint.NextStep:D9}.safetensors");
        CheckpointFile.Write(path, checkpoint);
        Interlocked.Increment(ref written);
        Newest = path;

        // The longer number is the greater one: steps may outgrow their nine digits.
        foreach (string old in Directory.GetFiles(directory, "step-*.safetensors").OrderByDescending(file => file.Length)
            .ThenByDescending(file => file, StringComparer.Ordinal).Skip(Kept))
            File.Delete(old);
    }
}
