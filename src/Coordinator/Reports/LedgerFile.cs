using System.Text;
using Backprop.Core.Sharding;

namespace Backprop.Coordinator.Reports;

/// <summary>
/// ledger.jsonl: for every committed step which worker computed each node. Steps that were computed alike share a line, so
/// that a run of a million steps takes a few lines as long as nobody comes or goes.
/// </summary>
public sealed class LedgerFile : IDisposable
{
    public const string Name = "ledger.jsonl";

    private readonly FileStream stream;
    private Dictionary<ShardNode, string> nodes = [];
    private long step;
    private long steps;

    private LedgerFile(FileStream stream, long end)
    {
        this.stream = stream;
        End = end;
    }

    /// <summary>When it was opened, the step after the last that it tells of.</summary>
    public long End { get; }

    /// <summary>Opens the file of a run that starts, or of one that goes on, and compiles what writes its lines before the first step does.</summary>
    /// <param name="firstStep">The first step that will be appended; what the file says of it and later ones is dropped.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static LedgerFile Open(string path, long firstStep = 0)
    {
        long end = 0;
        if (File.Exists(path))
        {
            StringBuilder kept = new();
            foreach (LedgerEntry entry in Read(path).Where(entry => entry.Step < firstStep))
            {
                LedgerEntry before = entry with { Steps = Math.Min(entry.Steps, firstStep - entry.Step) };
                kept.Append(before.ToJson()).Append('\n');
                end = before.Step + before.Steps;
            }

            WholeFile.Write(path, kept.ToString());
        }

        _ = new LedgerEntry(firstStep, 0, new Dictionary<ShardNode, string>()).ToJson();
        return new LedgerFile(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0), end);
    }

    /// <summary>The lines up to the first that is torn.</summary>
    public static IReadOnlyList<LedgerEntry> Read(string path)
    {
        List<LedgerEntry> entries = [];
        try
        {
            foreach (string line in WholeFile.ReadLines(path))
                entries.Add(LedgerEntry.Parse(line));
        }
        catch (FormatException)
        {
            // Torn by a kill while it was written: its steps are behind the last checkpoint and come again.
        }

        return entries;
    }

    /// <summary>A step was committed with these values.</summary>
    /// <exception cref="IOException">What was to be written before it could not be.</exception>
    public void Commit<TValue>(long committed, IReadOnlyDictionary<ShardNode, TValue> values, Func<TValue, string> nameOf)
    {
        if (steps == 0 || !IsAsBefore(values, nameOf))
        {
            Flush();
            step = committed;
            nodes = values.ToDictionary(value => value.Key, value => nameOf(value.Value));
        }

        steps++;
    }

    /// <summary>Writes what is known, so that the file says all up to the last committed step.</summary>
    /// <exception cref="IOException">It cannot be written; the lines before stay whole.</exception>
    public void Flush()
    {
        if (steps == 0)
            return;
        WholeLine.Append(stream, new LedgerEntry(step, steps, nodes).ToJson());
        steps = 0;
    }

    public void Dispose() => stream.Dispose();

    private bool IsAsBefore<TValue>(IReadOnlyDictionary<ShardNode, TValue> values, Func<TValue, string> nameOf)
    {
        if (values.Count != nodes.Count)
            return false;
        foreach ((ShardNode node, TValue value) in values)
        {
            if (!nodes.TryGetValue(node, out string? name) || name != nameOf(value))
                return false;
        }

        return true;
    }
}
