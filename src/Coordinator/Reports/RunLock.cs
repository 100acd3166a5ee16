using System.Globalization;
using Backprop.CommandLine;
using Backprop.Core;

namespace Backprop.Coordinator.Reports;

/// <summary>
/// Holds a run directory for one coordinator. The lock is the operating system's, on the open file .lock, so that it
/// goes with the process however that ends. The holder's process id stands beside it: nobody else can open .lock itself.
/// </summary>
internal sealed class RunLock : IDisposable
{
    public const string Name = ".lock";
    public const string OwnerName = ".lock-owner";

    /// <summary>A process that was killed keeps its files until its memory is given back.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(50);

    private readonly FileStream file;
    private readonly string ownerPath;

    private RunLock(FileStream file, string ownerPath)
    {
        this.file = file;
        this.ownerPath = ownerPath;
    }

    /// <param name="directory">It exists.</param>
    /// <exception cref="UserErrorException">Another process holds it, or the file cannot be opened.</exception>
    public static async Task<RunLock> TakeAsync(string directory, TimeProvider time)
    {
        string ownerPath = Path.Combine(directory, OwnerName);
        long began = time.GetTimestamp();
        FileStream file;
        while (true)
        {
            try
            {
                file = new FileStream(Path.Combine(directory, Name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                break;
            }
            catch (IOException error) when (IsHeldByAnother(error))
            {
                if (time.GetElapsedTime(began) >= Patience)
                {
                    throw new UserErrorException(
                        $"run directory {directory} is locked by {Owner(ownerPath)}, which trains there; wait for its end or stop it, or give another directory.",
                        error);
                }

                await Task.Delay(RetryInterval, time);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new UserErrorException($"run directory {directory} cannot be locked: {ReadableFile.Reason(error)}.", error);
            }
        }

        var taken = new RunLock(file, ownerPath);
        taken.WriteOwner();
        return taken;
    }

    /// <summary>Gives the directory free. The file .lock stays: to delete it would let two others lock two of its name.</summary>
    public void Dispose()
    {
        // By now the name beside it may be another's.
        if (!file.CanRead)
            return;
        try
        {
            File.Delete(ownerPath);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It names a process that holds nothing any more, as after a kill.
        }

        file.Dispose();
    }

    /// <summary>A full disk costs the name of the holder, not the lock.</summary>
    private void WriteOwner()
    {
        try
        {
            WholeFile.Write(ownerPath, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static string Owner(string path)
    {
        try
        {
            return int.TryParse(WholeFile.Read(path), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out int id)
                ? $"process {id}"
                : "another process";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }

    /// <summary>EWOULDBLOCK of Linux and of macOS, and Windows' sharing violation.</summary>
    private static bool IsHeldByAnother(IOException error) => error.HResult is 11 or 35 or unchecked((int)0x80070020);
}
