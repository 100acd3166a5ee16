namespace Backprop.Faults;

/// <summary>A report with a section for each measurement, each written by its own command.</summary>
internal static class ReportFile
{
    private const string Title = "# Faults";

    /// <summary>Puts a section in place of the one of its name, or after the others.</summary>
    public static void Put(string path, ReportSection section)
    {
        string all = File.Exists(path) ? File.ReadAllText(path) : Title + "\n";
        List<string> parts = [.. all.Split("\n## ")];
        string body = section.Text.TrimEnd()["## ".Length..] + "\n";
        int place = parts.FindIndex(part => part.StartsWith(section.Name + "\n", StringComparison.Ordinal));
        if (place > 0)
            parts[place] = body;
        else
            parts.Add(body);
        File.WriteAllText(path, string.Join("\n## ", parts));
    }
}
