using System.Globalization;

namespace Backprop.Cluster.Tests.Processes;

/// <summary>Linux's table of processes: whose children run, and which have ended.</summary>
internal static class ProcessTable
{
    /// <summary>The processes that this one started and that still run.</summary>
    public static IReadOnlyList<int> ChildrenOf(int parent) =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out int id) ? id : 0)
            .Where(id => id != 0 && Read(id) is { } state && state.Parent == parent && !state.HasEnded),
    ];

    /// <summary>False as well for one that ended and whose parent has not asked for its exit code.</summary>
    public static bool IsRunning(int id) => Read(id) is { HasEnded: false };

    /// <summary>The most memory that a process has had in use, in bytes.</summary>
    public static long PeakMemoryOf(int id)
    {
        string line = File.ReadLines($"/proc/{id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        string kilobytes = line.Split(' ', '\t').First(word => word.Length > 0 && char.IsAsciiDigit(word[0]));
        return long.Parse(kilobytes, CultureInfo.InvariantCulture) * 1024;
    }

    public static async Task WaitForEndAsync(IEnumerable<int> ids)
    {
        using var limit = new CancellationTokenSource(ProgramProcess.Deadline);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        foreach (int id in ids)
        {
            while (IsRunning(id))
                await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    /// <summary>Waits until every thread of a process that was sent SIGSTOP has stopped.</summary>
    public static async Task WaitUntilStoppedAsync(int id)
    {
        using var limit = new CancellationTokenSource(ProgramProcess.Deadline);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!Directory.EnumerateDirectories($"/proc/{id}/task").All(thread => Read(thread) is { State: "T" }))
            await timer.WaitForNextTickAsync(limit.Token);
    }

    /// <summary>The files that a process has open: the link that opens one, and what it points to.</summary>
    public static IReadOnlyList<(string Descriptor, string Target)> OpenFilesOf(int id) =>
    [
        .. Directory.EnumerateFileSystemEntries($"/proc/{id}/fd")
            .Select(path => (path, new FileInfo(path).LinkTarget ?? "")),
    ];

    /// <summary>The command line of a process, its parts between zero bytes; empty when it is gone.</summary>
    public static string CommandOf(int id) => ReadText($"/proc/{id}/cmdline") ?? "";

    private static Entry? Read(int id) => Read($"/proc/{id}");

    private static Entry? Read(string directory)
    {
        if (ReadText(directory + "/stat") is not { } text)
            return null;

        // "id (name) state parent …"; the name may hold anything.
        string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return new Entry(fields[0], int.Parse(fields[1], CultureInfo.InvariantCulture));
    }

    /// <returns>Null when the process is gone.</returns>
    private static string? ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
    private sealed record Entry(string State, int Parent)
    {
        public bool HasEnded => State is "Z" or "X";
    }
}
