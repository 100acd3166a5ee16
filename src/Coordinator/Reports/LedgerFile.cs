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

    private readonly Stream stream;
    private Dictionary<ShardNode, string> nodes = [];
    private long step;
    private long steps;

    private LedgerFile(Stream stream, long end)
    {
        this.stream = stream;
        End = end;
    }

    /// <summary>When it was opened, the step after the last that it tells of.</summary>
    public long End { get; }

    /// <summary>Opens the file of a run that starts, or of one that goes on.</summary>
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

    /// <summary>A step was committed.</summary>
    /// <param name="givers">Each node whose value was added, and the name of who computed it.</param>
    /// <exception cref="IOException">What was to be written before it could not be.</exception>
    public void Commit(long committed, IReadOnlyDictionary<ShardNode, string> givers)
    {
        if (steps == 0 || !IsAsBefore(givers))
        {
            Flush();
            step = committed;
            nodes = new Dictionary<ShardNode, string>(givers);
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

    private bool IsAsBefore(IReadOnlyDictionary<ShardNode, string> givers)
    {
        if (givers.Count != nodes.Count)
            return false;
        foreach ((ShardNode node, string giver) in givers)
        {
            if (!nodes.TryGetValue(node, out string? before) || before != giver)
                return false;
        }

        return true;
    }

    /// <summary>Goes through all that steps take of it, so that this is compiled before the first one; nothing is left of it.</summary>
    internal static void Rehearse()
    {
        using var nowhere = new LedgerFile(Stream.Null, 0);
        for (int step = 0; step < 2; step++)
            nowhere.Commit(step, new Dictionary<ShardNode, string> { [new ShardNode(0, 1)] = "", [new ShardNode(1, 1)] = "" });
        nowhere.Flush();
    }
}
