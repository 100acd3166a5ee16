using System.Net;

namespace Backprop.Scale.Check;

/// <summary>The keys that a run over the network needs. Relays show the coordinator's certificate, which names every machine.</summary>
internal static class RunKeys
{
    /// <param name="machines">The coordinator's and the workers'.</param>
    public static Task MakeAsync(string directory, int machines) => Command.RunAsync(
    [
        .. RunProcess.CommandOf("Coordinator"), "certificates", Path.Combine(directory, "keys"),
        .. Enumerable.Range(0, machines).Select(SharedLink.AddressOf), IPAddress.Loopback.ToString(),
    ]);

    public static string Authority(string directory) => In(directory, "ca.pem");

    public static string Certificate(string directory) => In(directory, "server.pem");

    public static string PrivateKey(string directory) => In(directory, "server.key");

    public static string Token(string directory) => In(directory, "token.txt");

    private static string In(string directory, string file) => Path.Combine(directory, "keys", file);
}
