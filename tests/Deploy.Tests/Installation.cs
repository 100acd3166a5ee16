using Backprop.Cluster.Tests.Processes;

namespace Backprop.Deploy.Tests;

/// <summary>Both programs as this build made them, laid out as a published coordinator is: its workers' program in worker/.</summary>
internal static class Installation
{
    /// <summary>Holds <c>Backprop.Coordinator</c> and <c>worker/Backprop.Worker</c>.</summary>
    public static string Directory { get; } = Path.GetDirectoryName(ProgramProcess.PathOf("Coordinator"))!;

    public static string Coordinator { get; } = Path.Combine(Directory, "Backprop.Coordinator");

    public static string Worker { get; } = Path.Combine(Directory, "worker", "Backprop.Worker");
}
