using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace Backprop.Bench;

/// <summary>What a report begins with: the command, the machine, the versions, and what else ran.</summary>
internal static class ReportText
{
    private static string? load;

    /// <summary>Notes what else runs, before the program itself does.</summary>
    public static void NoteLoad()
    {
        if (File.Exists("/proc/loadavg"))
            load = string.Join(", ", File.ReadAllText("/proc/loadavg").Split(' ')[..3]);
    }

    /// <param name="project">The program's folder under bench/.</param>
    public static void Describe(StringBuilder text, string project, IReadOnlyList<string> arguments)
    {
        Line(text, $"- command: `{string.Join(' ', new[] { $"dotnet run --project bench/{project} -c Release --" }.Concat(arguments))}`");
        Line(text, $"- machine: {Processor()}, {Environment.ProcessorCount} cores, AVX-512 {(Avx512F.IsSupported ? "yes" : "no")}");
        Line(text, $"- versions: {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}");
        if (load is not null)
            Line(text, $"- load before, over 1, 5 and 15 minutes: {load}");
    }

    public static void Line(StringBuilder text, FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    /// <summary>As the system names it.</summary>
    public static string Processor()
    {
        const string file = "/proc/cpuinfo";
        return File.Exists(file)
            ? File.ReadLines(file).First(line => line.StartsWith("model name", StringComparison.Ordinal)).Split(':')[1].Trim()
            : RuntimeInformation.ProcessArchitecture.ToString();
    }
}
