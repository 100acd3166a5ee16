using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Access;

/// <summary>What <c>certificates</c> makes: who is to be trusted, certificates for both sides, and the token.</summary>
internal static class Keys
{
    /// <returns>The directory with the files.</returns>
    public static async Task<string> MakeAsync(TemporaryDirectory directory, string name, params string[] hosts)
    {
        string keys = Path.Combine(directory.Path, name);
        await using ProgramProcess program = ProgramProcess.Start("Coordinator", directory.Path, ["certificates", keys, .. hosts]);
        int exitCode = await program.ExitAsync();
        Assert.True(exitCode == 0, program.Errors);
        return keys;
    }

    /// <summary>How a coordinator shows them.</summary>
    public static string CoordinatorOptions(string keys) =>
        $"--cert-file {keys}/server.pem --key-file {keys}/server.key --token-file {keys}/token.txt ";

    /// <summary>How a worker shows them; the token may be another's.</summary>
    public static string[] WorkerOptions(string keys, string? token = null) =>
        ["--ca-file", Path.Combine(keys, "ca.pem"), "--token-file", Path.Combine(token ?? keys, "token.txt")];
}
