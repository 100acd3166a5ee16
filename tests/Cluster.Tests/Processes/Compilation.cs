using System.Diagnostics;

namespace Backprop.Cluster.Tests.Processes;

/// <summary>
/// How the programs that tests start compile themselves. Tests start hundreds of them, mostly for a second or two, and would
/// spend a quarter of their time on full optimization at once, which pays in training alone
/// (docs/decisions/0004-full-optimization-at-once.md). Bits do not depend on it: SameWeightsTests compares both ways.
/// </summary>
internal static class Compilation
{
    private const string Tiers = "DOTNET_TieredCompilation";

    /// <summary>For a test that wants a program's own setting, however the tests themselves were started.</summary>
    public static IReadOnlyDictionary<string, string> AtOnce { get; } = new Dictionary<string, string> { [Tiers] = "0" };

    /// <summary>Quickly at first, better what runs often. Its children inherit it: a coordinator's local workers.</summary>
    public static void InTiers(ProcessStartInfo start)
    {
        start.Environment[Tiers] = "1";
        // Without the step between that counts for profiles: it costs more than it gives in a few seconds.
        start.Environment["DOTNET_TieredPGO"] = "0";
        // Without a second mapping of compiled code, which only guards against attacks: a tenth of a short run.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
    }
}
