using System.Diagnostics;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Access;

/// <summary>What deploy/certificates.sh makes: who is to be trusted, the coordinator's certificate, and the token.</summary>
internal static class Keys
{
    /// <returns>The directory with the files.</returns>
    public static async Task<string> MakeAsync(TemporaryDirectory directory, string name, params string[] hosts)
    {
        string keys = Path.Combine(directory.Path, name);
        Assert.Equal(0, await RunScriptAsync([keys, .. hosts]));
        return keys;
    }

    /// <returns>The script's exit code.</returns>
    public static async Task<int> RunScriptAsync(params string[] arguments)
    {
        using Process script = Process.Start("bash", [Path.Combine(Checkout.Root, "deploy", "certificates.sh"), .. arguments]);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(ProgramProcess.Deadline);
        await script.WaitForExitAsync(limit.Token);
        return script.ExitCode;
    }

    /// <summary>How a coordinator shows them.</summary>
    public static string CoordinatorOptions(string keys) =>
        $"--cert-file {keys}/server.pem --key-file {keys}/server.key --token-file {keys}/token.txt ";

    /// <summary>How a worker shows them; the token may be another's.</summary>
    public static string[] WorkerOptions(string keys, string? token = null) =>
        ["--ca-file", Path.Combine(keys, "ca.pem"), "--token-file", Path.Combine(token ?? keys, "token.txt")];
}
