using System.Globalization;
using System.Text.RegularExpressions;

namespace Backprop.Faults;

/// <summary>What /proc says of processes.</summary>
internal static class ProcessTable
{
    /// <summary>The process of each local worker of a coordinator, by its name.</summary>
    public static IReadOnlyDictionary<string, int> WorkersOf(int coordinator) => Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out int id) ? id : 0)
        .Where(id => id > 0 && ParentOf(id) == coordinator)
        .Select(id => (Id: id, Name: Regex.Match(ReadText($"/proc/{id}/cmdline"), "--name\0([^\0]+)").Groups[1].Value))
        .Where(worker => worker.Name.Length > 0)
        .ToDictionary(worker => worker.Name, worker => worker.Id);

    /// <summary>Waits until it has ended.</summary>
    public static async Task ExitAsync(int id, CancellationToken cancellation)
    {
        while (StateOf($"/proc/{id}/stat") is not (null or 'Z' or 'X'))
            await Task.Delay(1, cancellation);
    }

    /// <summary>Waits until every thread of a process stands still.</summary>
    public static async Task FrozenAsync(int id, CancellationToken cancellation)
    {
        while (!Directory.EnumerateDirectories($"/proc/{id}/task").All(thread => StateOf(thread + "/stat") == 'T'))
            await Task.Delay(1, cancellation);
    }

    /// <summary>Its resident memory; null when it is gone.</summary>
    public static long? ResidentBytes(int id) =>
        Regex.Match(ReadText($"/proc/{id}/status"), @"VmRSS:\s*(\d+) kB") is { Success: true } match
            ? 1024 * long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : null;

    /// <returns>Null when the process is gone.</returns>
    private static char? StateOf(string path) => ReadText(path) is { Length: > 0 } text ? text[text.LastIndexOf(')') + 2] : null;

    private static int ParentOf(int id)
    {
        string text = ReadText($"/proc/{id}/stat");
        return text.Length == 0 ? 0 : int.Parse(text[(text.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
    }

    /// <returns>Nothing when the process is gone.</returns>
    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
