using Backprop.Core.Formats;

namespace Backprop.Coordinator.Reports;

/// <summary>
/// Writes checkpoints beside the training, in their order, and keeps the newest three. Training does not wait for a disk
/// that is slower for a while; it does before so many are unwritten that memory, or the end of the run, would suffer.
/// </summary>
/// <param name="time">For what a checkpoint costs.</param>
/// <param name="newest">The one that the run goes on from; null for a run that starts.</param>
/// <param name="delete">Null: File.Delete.</param>
internal sealed class CheckpointWriter(string directory, TimeProvider time, string? newest = null, Action<string>? delete = null)
{
    private const string RehearsalPrefix = ".rehearsal-";
    private const int Kept = 3;
    private const int PendingAtMost = 32;
    private const long PendingBytesAtMost = 64 << 20;
    private const int TimesItsCost = 200;
    private static readonly TimeSpan PauseAtMost = TimeSpan.FromSeconds(30);

    private readonly Action<string> delete = delete ?? File.Delete;
    private readonly RepeatedFailure failure = new();

    private Task writing = Task.CompletedTask;
    private int pending;
    private long pendingBytes;
    private int written;
    private long affordableFrom;

    /// <summary>Checkpoints that this sitting put on the disk, those swept since included.</summary>
    public int WrittenCount => Volatile.Read(ref written);

    /// <summary>
    /// Whether one more keeps the time they take in bounds: training has gone on two hundred times as long as writing the last
    /// one took, or half a minute: a disk that was slow once keeps no more than that from being saved. A training that shares
    /// its cores with the writing was seen to lose up to twice that time.
    /// </summary>
    public bool IsAffordable => Volatile.Read(ref pending) == 0 && time.GetTimestamp() >= Volatile.Read(ref affordableFrom);

    /// <summary>The newest one; null before the first.</summary>
    public string? Newest { get; private set; } = newest;

    /// <param name="checkpoint">Must not change while it is being written: a copy of the weights.</param>
    /// <param name="notice">Told in one line when it cannot be written; training goes on.</param>
    public void Save(Checkpoint checkpoint, Action<string> notice)
    {
        long bytes = checkpoint.Parameters.Shape.ParameterCount * sizeof(float) * (checkpoint.State.Velocity is null ? 1 : 2);
        if (Volatile.Read(ref pending) >= PendingAtMost || Interlocked.Read(ref pendingBytes) + bytes > PendingBytesAtMost)
            writing.Wait();
        Interlocked.Increment(ref pending);
        Interlocked.Add(ref pendingBytes, bytes);
        writing = writing.ContinueWith(
            _ =>
            {
                long begin = time.GetTimestamp();
                WriteNext(checkpoint, notice);
                long end = time.GetTimestamp();
                long pauseAtMost = (long)(PauseAtMost.TotalSeconds * time.TimestampFrequency);
                Volatile.Write(ref affordableFrom, end + Math.Min(TimesItsCost * (end - begin), pauseAtMost));
                Interlocked.Decrement(ref pending);
                Interlocked.Add(ref pendingBytes, -bytes);
            },
            TaskScheduler.Default);
    }

    /// <summary>Goes through all that writing one takes, so that this is compiled before training and not in it; nothing is left of it.</summary>
    public void Rehearse(Checkpoint checkpoint)
    {
        string place = Path.Combine(Path.GetDirectoryName(directory)!, $"{RehearsalPrefix}{Guid.NewGuid():N}");
        new CheckpointWriter(place, time).WriteNext(checkpoint, _ => { });
        DeleteRehearsal(place);
    }

    /// <summary>Takes away what a coordinator left that was killed while it rehearsed.</summary>
    public static void SweepRehearsals(string runDirectory)
    {
        foreach (string place in Directory.GetDirectories(runDirectory, $"{RehearsalPrefix}*"))
        {
            if (Guid.TryParseExact(Path.GetFileName(place)[RehearsalPrefix.Length..], "N", out _))
                DeleteRehearsal(place);
        }
    }

    private static void DeleteRehearsal(string place)
    {
        try
        {
            Directory.Delete(place, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Where it could not be written, the first checkpoint will tell; what stays is taken away by the next resume.
        }
    }

    /// <summary>Waits until the last one is written.</summary>
    public Task FinishAsync() => writing;

    /// <summary>Deletes the checkpoints of more steps than these.</summary>
    /// <returns>The newest that is left; null when there is none.</returns>
    public Checkpoint? DiscardAfter(long step, Action<string> notice)
    {
        writing.Wait();
        foreach ((string path, long _) in CheckpointFiles.NewestFirst(directory).Where(file => file.Step > step))
        {
            try
            {
                File.Delete(path);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                notice($"WARNING: {path} holds a wrong value and could not be deleted, do so before resume: {error.Message}");
            }
        }

        (string Path, Checkpoint Checkpoint)? left = CheckpointFiles.ReadNewest(directory, out _);
        Newest = left?.Path;
        return left?.Checkpoint;
    }

    private void WriteNext(Checkpoint checkpoint, Action<string> notice)
    {
        try
        {
            Write(checkpoint);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (failure.Failed($"WARNING: no checkpoint at step {checkpoint.NextStep}: {error.Message.TrimEnd('.')}; training goes on") is { } line)
                notice(line);
            return;
        }

        if (failure.Succeeded() is > 0 and int times)
            notice($"checkpoints are written again, from step {checkpoint.NextStep} on, after {times} that could not be");
        DeleteOld(checkpoint.NextStep, notice);
    }

    private void Write(Checkpoint checkpoint)
    {
        Directory.CreateDirectory(directory);
        string path = CheckpointFiles.PathOf(directory, checkpoint.NextStep);
        CheckpointFile.Write(path, checkpoint);
        Interlocked.Increment(ref written);
        Newest = path;
    }

    /// <summary>Later ones than the one just written were refused when the run went on: they take no place of a whole one.</summary>
    private void DeleteOld(long nextStep, Action<string> notice)
    {
        foreach ((string old, long _) in CheckpointFiles.NewestFirst(directory).Where(file => file.Step <= nextStep).Skip(Kept))
        {
            try
            {
                delete(old);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                notice($"WARNING: the old checkpoint {old} could not be deleted: {error.Message.TrimEnd('.')}; training goes on");
            }
        }
    }
}
