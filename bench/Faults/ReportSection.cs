using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Backprop.Bench;

namespace Backprop.Faults;

/// <summary>What one measurement found, as Markdown.</summary>
internal sealed class ReportSection
{
    private readonly StringBuilder text = new();

    public ReportSection(string name, string[] arguments)
    {
        Name = name;
        text.AppendLine(Heading(name)).AppendLine();
        Line($"- command: `dotnet run --project bench/Faults -c Release -- {string.Join(' ', arguments)}`");
        Line($"- machine: {ReportText.Processor()}, {Environment.ProcessorCount} cores; {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}");
        if (File.Exists("/proc/loadavg"))
            Line($"- load before, over 1, 5 and 15 minutes: {string.Join(", ", File.ReadAllText("/proc/loadavg").Split(' ')[..3])}");
    }

    public string Name { get; }

    public string Text => text.ToString();

    public static string Heading(string name) => $"## {name}";

    public void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));

    /// <summary>A table's row of seconds: least, median, 99th percentile (the nearest rank), most.</summary>
    public void Seconds(string what, IReadOnlyCollection<TimeSpan> times, string target)
    {
        double[] sorted = [.. times.Select(time => time.TotalSeconds).Order()];
        double Rank(double share) => sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
        Line($"| {what} | {sorted.Length} | {sorted[0]:0.000} | {Rank(0.5):0.000} | {Rank(0.99):0.000} | {sorted[^1]:0.000} | {target} |");
    }

    public void SecondsHeader()
    {
        text.AppendLine();
        text.AppendLine("| seconds | faults | least | median | 99th percentile | most | target |").AppendLine("|---|---|---|---|---|---|---|");
    }
}
