using System.Text;
using System.Text.Json;

namespace Backprop.Coordinator.Reports;

/// <summary>metrics.jsonl: a line per epoch, on the disk as soon as the epoch has ended.</summary>
public sealed class MetricsFile : IDisposable
{
    public const string Name = "metrics.jsonl";

    private readonly Stream stream;

    /// <param name="stream">Where lines are appended; without a buffer, so that closing it writes nothing more.</param>
    internal MetricsFile(Stream stream) => this.stream = stream;

    /// <summary>Opens the file of a run that starts, or of one that goes on.</summary>
    /// <param name="firstEpoch">
    /// The first epoch that will be appended. Lines of this and later epochs are dropped: a run that was killed may
    /// have written them after its last checkpoint, and will write them again.
    /// </param>
    public static MetricsFile Open(string path, int firstEpoch = 0)
    {
        if (File.Exists(path))
        {
            StringBuilder kept = new();
            foreach (EpochMetrics line in Read(path).Where(line => line.Epoch < firstEpoch))
                kept.Append(JsonSerializer.Serialize(line, ReportJson.Compact)).Append('\n');
            WholeFile.Write(path, kept.ToString());
        }

        return new MetricsFile(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0));
    }

    /// <summary>The lines that are whole; a torn last line is left out.</summary>
    public static IReadOnlyList<EpochMetrics> Read(string path)
    {
        List<EpochMetrics> lines = [];
        foreach (string text in WholeFile.ReadLines(path))
        {
            try
            {
                if (JsonSerializer.Deserialize<EpochMetrics>(text, ReportJson.Compact) is { } line)
                    lines.Add(line);
            }
            catch (JsonException)
            {
                // Torn by a kill while it was written: its epoch is behind the last checkpoint and comes again.
            }
        }

        return lines;
    }

    /// <exception cref="IOException">It could not be written; the lines before it and after it stay whole.</exception>
    public void Append(EpochMetrics line) => WholeLine.Append(stream, JsonSerializer.Serialize(line, ReportJson.Compact));

    public void Dispose() => stream.Dispose();

    /// <summary>Writes a line nowhere, so that what does it is compiled before the first epoch ends.</summary>
    internal static void Rehearse() => new MetricsFile(Stream.Null).Append(new EpochMetrics(0, 0, 0, 0, 0, 0, 0, 0));
}
