using System.Buffers;
using System.Text.Json;
using Backprop.Core;

namespace Backprop.Coordinator.Reports;

/// <summary>
/// A file in Chrome's trace event format, an array of events, for Perfetto and chrome://tracing: processes with rows, in which
/// something goes on from a moment to another, in microseconds.
/// </summary>
/// <remarks>
/// It is written in whole events, and readers of the format do without the closing bracket: what a kill leaves can be
/// opened. A file that cannot be written any more is told of once, and training goes on without it.
/// </remarks>
internal sealed class TraceFile : IDisposable
{
    private const int WrittenAtLeast = 64 * 1024;

    private readonly Stream stream;
    private readonly string path;
    private readonly Action<string> warn;
    private readonly ArrayBufferWriter<byte> unwritten = new(2 * WrittenAtLeast);
    private readonly Utf8JsonWriter json;
    private bool isFirst = true;
    private bool hasFailed;

    /// <summary>For tests: into any stream.</summary>
    internal TraceFile(Stream stream, string path, Action<string> warn)
    {
        this.path = path;
        this.stream = stream;
        this.warn = warn;
        json = new Utf8JsonWriter(unwritten);
    }

    /// <param name="warn">Is told when it cannot be written any more.</param>
    /// <exception cref="UserErrorException">There is such a file, or it cannot be made.</exception>
    public static TraceFile Create(string path, Action<string> warn)
    {
        try
        {
            return new TraceFile(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0), path, warn);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--trace {path} cannot be made: {error.Message.TrimEnd('.')}.", error);
        }
    }

    public void NameProcess(int process, string name) => NameOf("process_name", process, 0, name);

    public void NameRow(int process, int row, string name) => NameOf("thread_name", process, row, name);

    /// <param name="begin">Microseconds.</param>
    /// <param name="end">Microseconds; not before <paramref name="begin"/>.</param>
    public void Span(int process, int row, string name, string category, long step, double begin, double end)
    {
        // Both ends are rounded, not the length: what begins where another span ends is written so.
        double written = Math.Round(begin, 3);
        Begin("X", name, process, row);
        json.WriteString("cat"u8, category);
        json.WriteNumber("ts"u8, written);
        json.WriteNumber("dur"u8, Math.Round(Math.Max(0, Math.Round(end, 3) - written), 3));
        json.WriteStartObject("args"u8);
        json.WriteNumber("step"u8, step);
        json.WriteEndObject();
        End();
    }

    public void Dispose()
    {
        unwritten.Write("\n]\n"u8);
        Write();
        json.Dispose();
        stream.Dispose();
    }

    private void NameOf(string what, int process, int row, string name)
    {
        Begin("M", what, process, row);
        json.WriteStartObject("args"u8);
        json.WriteString("name"u8, name);
        json.WriteEndObject();
        End();
    }

    private void Begin(string phase, string name, int process, int row)
    {
        unwritten.Write(isFirst ? "[\n"u8 : ",\n"u8);
        isFirst = false;
        json.Reset();
        json.WriteStartObject();
        json.WriteString("ph"u8, phase);
        json.WriteString("name"u8, name);
        json.WriteNumber("pid"u8, process);
        json.WriteNumber("tid"u8, row);
    }

    private void End()
    {
        json.WriteEndObject();
        json.Flush();
        if (unwritten.WrittenCount >= WrittenAtLeast)
            Write();
    }

    private void Write()
    {
        long whole = stream.Position;
        try
        {
            if (!hasFailed)
                stream.Write(unwritten.WrittenSpan);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            // The last is what .NET says of a file beyond the process's limit for files.
            hasFailed = true;
            stream.SetLength(whole);
            warn($"WARNING: --trace {path} ends here: {error.Message.TrimEnd('.')}; training goes on");
        }

        unwritten.ResetWrittenCount();
    }
}
