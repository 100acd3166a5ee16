using System.Text.Json;
using Backprop.Core.Sharding;

namespace Backprop.Coordinator.Reports;

/// <summary>Consecutive committed steps whose nodes were computed by the same workers: a line of ledger.jsonl.</summary>
/// <param name="Step">The first of them.</param>
/// <param name="Steps">How many they are.</param>
/// <param name="Nodes">Each node of the tree whose value was added, and the name of who computed it.</param>
public sealed record LedgerEntry(long Step, long Steps, IReadOnlyDictionary<ShardNode, string> Nodes)
{
    public string ToJson() => JsonSerializer.Serialize(
        new Line(Step, Steps, Nodes.OrderBy(node => node.Key.First).ToDictionary(node => node.Key.ToString(), node => node.Value)),
        ReportJson.Compact);

    /// <exception cref="FormatException">It is no such line.</exception>
    public static LedgerEntry Parse(string json)
    {
        try
        {
            Line line = JsonSerializer.Deserialize<Line>(json, ReportJson.Compact) ?? throw new FormatException("it is null");
            return line.Nodes is null
                ? throw new FormatException("it has no nodes")
                : new LedgerEntry(line.Step, line.Steps, line.Nodes.ToDictionary(node => NodeOf(node.Key), node => node.Value));
        }
        catch (JsonException error)
        {
            throw new FormatException(error.Message, error);
        }
    }

    private static ShardNode NodeOf(string text)
    {
        if (text.Length > 4 && text[0] == '[' && text[^1] == ')' && text[1..^1].Split(',') is [var first, var end]
            && int.TryParse(first, out int from) && int.TryParse(end, out int to) && to > from && from >= 0)
            return new ShardNode(from, to - from);
        throw new FormatException($"'{text}' is no node");
    }

    private sealed record Line(long Step, long Steps, Dictionary<string, string>? Nodes);
}
