using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Backprop.Core.Formats;

/// <summary>
/// Writes a file so that its name always means a whole one: the old or the new, whatever happens in between.
/// </summary>
public static partial class AtomicFile
{
    private const int ReadOnly = 0;
    private const string TemporaryEnding = ".part";

    /// <summary>
    /// Writes to a temporary file beside it, flushes it to the disk, renames it, and flushes the directory. A failure
    /// leaves the old file and no other.
    /// </summary>
    /// <param name="path">The file's name in the end.</param>
    /// <param name="write">Writes the content.</param>
    public static void Write(string path, Action<Stream> write)
    {
        string fullPath = Path.GetFullPath(path);
        string temporary = $"{fullPath}.{Guid.NewGuid():N}{TemporaryEnding}";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, fullPath, overwrite: true);
            FlushDirectory(Path.GetDirectoryName(fullPath)!);
        }
        catch (ArgumentOutOfRangeException error)
        {
            // What .NET makes of a file that grows beyond the limit of a file system or a process.
            TryDelete(temporary);
            throw new IOException($"{fullPath} is too large for its file system: {error.Message}", error);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    /// <summary>
    /// Deletes what processes that were killed left of files that they were writing. Nobody else may be writing there.
    /// </summary>
    /// <param name="directory">One that is not there has none.</param>
    public static void SweepLeftovers(string directory)
    {
        if (!Directory.Exists(directory))
            return;
        foreach (string path in Directory.GetFiles(directory, $"*{TemporaryEnding}"))
        {
            if (Leftover().IsMatch(path))
                TryDelete(path);
        }
    }

    /// <summary>Where the file could not even begin, deleting it fails too; the first failure is the one to tell.</summary>
    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>Without it a rename may not outlive a power failure. Windows has no such call and needs none.</summary>
    private static void FlushDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
            return;
        int descriptor = Open(directory, ReadOnly);
        if (descriptor < 0)
            return;
        _ = Flush(descriptor);
        _ = Close(descriptor);
    }

    [GeneratedRegex(@"\.[0-9a-f]{32}\.part$")]
    private static partial Regex Leftover();

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
