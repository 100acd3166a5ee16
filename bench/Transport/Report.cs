using System.Text;
using Backprop.Bench;

namespace Backprop.Transport;

/// <summary>The comparison as Markdown.</summary>
internal static class Report
{
    private const double Goal = 3;

    /// <summary>Below it an exchange is what its messages cost, and no tensor's.</summary>
    private const long TensorBytesAtLeast = 4096;

    private const int Plain = 0, Ours = 1, Tcp = 2, Unix = 3, Shared = 4;

    public static string Of(
        IReadOnlyList<(string Network, long Bytes, IReadOnlyList<Measured> Ways)> found, int rounds, IReadOnlyList<string> arguments)
    {
        var text = new StringBuilder();
        text.AppendLine("# Carrying a step's tensors").AppendLine();
        text.AppendLine("An exchange is a model's weights from the coordinator's process to a worker's and as many numbers of gradients back, without computing.");
        ReportText.Line(text, $"Both processes are on this machine; TCP is loopback. Medians of {rounds} rounds in turn; a message is the weights or the gradients of");
        text.AppendLine("the whole model; bytes allocated are those on the garbage-collected heap, the coordinator's side + the worker's. Ours is the program's own path:");
        text.AppendLine("the coordinator's server and connection, the worker's link, with assignments, heartbeats and the look for numbers that are not finite. Where");
        text.AppendLine("memory is shared each side writes its numbers once where they stand, and the other one reads them once.").AppendLine();
        ReportText.Describe(text, "Transport", arguments);
        text.AppendLine().AppendLine(GoalLine(found));
        foreach ((string network, long bytes, IReadOnlyList<Measured> ways) in found)
        {
            text.AppendLine();
            ReportText.Line(text, $"## {network}, {bytes:N0} bytes each way");
            text.AppendLine();
            text.AppendLine("| way | GB/s | messages/s | bytes allocated a step | smallest round trip, µs | times plain protobuf | of a raw TCP socket |");
            text.AppendLine("|---|---|---|---|---|---|---|");
            foreach (Measured way in ways)
            {
                ReportText.Line(text, $"| {way.Name} | {way.GigabytesPerSecond:0.000} | {way.MessagesPerSecond:N0} | {way.NearAllocated:N0} + {way.FarAllocated:N0} | {way.SmallestMicroseconds:0.0} | {ways[Plain].Seconds / way.Seconds:0.00} | {ways[Tcp].Seconds / way.Seconds:P0} |");
            }
        }

        return text.ToString();
    }

    private static string GoalLine(IReadOnlyList<(string Network, long Bytes, IReadOnlyList<Measured> Ways)> found)
    {
        var lines = new StringBuilder();
        ReportText.Line(lines, $"Goal: ours over gRPC at least {Goal:0} times plain protobuf.");
        lines.AppendLine();
        lines.AppendLine("| network | ours, gRPC / plain protobuf | goal | ours, gRPC / raw TCP | ours, gRPC / raw Unix | ours, shared memory / raw Unix |");
        lines.AppendLine("|---|---|---|---|---|---|");
        foreach ((string network, long bytes, IReadOnlyList<Measured> ways) in found)
        {
            double ratio = ways[Plain].Seconds / ways[Ours].Seconds;
            ReportText.Line(lines, $"| {network} | {ratio:0.00} | {(bytes < TensorBytesAtLeast ? "" : ratio >= Goal ? "reached" : "missed")} | {ways[Tcp].Seconds / ways[Ours].Seconds:0.00} | {ways[Unix].Seconds / ways[Ours].Seconds:0.00} | {ways[Unix].Seconds / ways[Shared].Seconds:0.00} |");
        }

        return lines.ToString().TrimEnd();
    }
}
