using System.Text.Json;
using Backprop.Scheduling;
using Backprop.Core.Formats;

namespace Backprop.Coordinator.Reports;

/// <summary>events.jsonl: what happened to a run, for machines; a line an event, on the disk as soon as it has happened.</summary>
internal sealed class EventLogFile : IDisposable
{
    public const string Name = "events.jsonl";

    private readonly Lock gate = new();
    private readonly FileStream stream;
    private readonly TimeProvider time;

    /// <exception cref="IOException">It cannot be written.</exception>
    public EventLogFile(string path, TimeProvider time)
    {
        this.time = time;
        if (EmptyFile.IsAt(path))
            File.Delete(path);
        stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    /// <param name="step">Steps committed so far.</param>
    /// <param name="line">What people are told.</param>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Append(NoticeKind kind, long step, string? worker, string line)
    {
        string json = JsonSerializer.Serialize(
            new Line(time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture), kind, step, worker, line),
            ReportJson.Compact);
        lock (gate)
            WholeLine.Append(stream, json);
    }

    public void Dispose() => stream.Dispose();

    private sealed record Line(string Time, NoticeKind Event, long Step, string? Worker, string Message);
}
