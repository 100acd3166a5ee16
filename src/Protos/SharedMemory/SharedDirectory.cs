using System.Diagnostics;
using System.Globalization;

namespace Backprop.Protos.SharedMemory;

/// <summary>Where files of shared memory stand for the moment until both sides have mapped them.</summary>
public static class SharedDirectory
{
    private const string Prefix = "backprop-";

    /// <summary>Memory where the system has a directory for it, else temporary files.</summary>
    public static string Location { get; } = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();

    /// <summary>A name of its own; the process in it tells later whether anybody still needs the file.</summary>
    public static string NewPath() =>
        Path.Combine(Location, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid():N}"));

    /// <summary>
    /// Whether this is the name of such a file, or of a process's hold on one: what else there is, a pipe or a device, may
    /// keep whoever opens it waiting.
    /// </summary>
    /// <exception cref="IOException">There is nothing of that name.</exception>
    public static bool Names(string path) =>
        Path.GetFileName(File.ResolveLinkTarget(path, returnFinalTarget: false)?.FullName ?? path)
            .StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Deletes what processes left that were killed at the wrong moment.</summary>
    public static void Sweep()
    {
        try
        {
            Sweep(Location);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Where nothing can be looked at, nothing can be shared either.
        }
    }

    internal static void Sweep(string directory)
    {
        foreach (string path in Directory.EnumerateFiles(directory, Prefix + "*"))
        {
            if (Path.GetFileName(path)[Prefix.Length..].Split('-') is [var owner, var unique]
                && int.TryParse(owner, NumberStyles.None, CultureInfo.InvariantCulture, out int process)
                && Guid.TryParseExact(unique, "N", out _) && !Lives(process))
            {
                Delete(path);
            }
        }
    }

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Another user's file is that user's.
        }
    }

    private static bool Lives(int process)
    {
        try
        {
            using Process found = Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
