using System.Text.Json;

namespace Backprop.Cluster.Tests.Processes;

/// <summary>The fields of summary.json that tests look at.</summary>
internal sealed record RunVerdict(JsonElement Json)
{
    public string Status => Json.GetProperty("status").GetString()!;

    public string WeightsSha256 => Json.GetProperty("weights_sha256").GetString()!;

    public string DatasetSha256 => Json.GetProperty("dataset").GetProperty("sha256").GetString()!;

    public long Steps => Json.GetProperty("steps").GetInt64();

    public long Examples => Json.GetProperty("examples").GetInt64();

    public int Joined => Json.GetProperty("workers").GetProperty("joined").GetInt32();

    public int Lost => Json.GetProperty("workers").GetProperty("lost").GetInt32();

    public long NodesReassigned => Json.GetProperty("nodes_reassigned").GetInt64();
}
