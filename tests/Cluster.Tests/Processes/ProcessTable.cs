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

    private static (int Parent, bool HasEnded)? Read(int id)
    {
        try
        {
            // "id (name) state parent …"; the name may hold anything.
            string text = File.ReadAllText($"/proc/{id}/stat");
            string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (int.Parse(fields[1], CultureInfo.InvariantCulture), fields[0] is "Z" or "X");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
