using Backprop.Cluster.Tests.Processes;

namespace Backprop.Deploy.Tests.Systemd;

/// <summary>A unit of deploy/systemd, for a machine whose directories are those of the test.</summary>
internal sealed class UnitFile(string name)
{
    private readonly string[] lines = File.ReadAllLines(System.IO.Path.Combine(Folder, name));

    public static string Folder { get; } = System.IO.Path.Combine(Checkout.Root, "deploy", "systemd");

    public string this[string key] => Assert.Single(lines, line => line.StartsWith(key + "=", StringComparison.Ordinal))[(key.Length + 1)..];

    /// <summary>The program's options, as systemd would hand them over.</summary>
    /// <param name="root">Holds state, cache and credentials.</param>
    public string[] Arguments(string root) =>
        [.. Fill(this["ExecStart"], root).Split(' ').Skip(1)];

    /// <summary>The whole unit for the programs of this build, as a file.</summary>
    public void Write(string path) => File.WriteAllLines(path, lines.Select(line => line.Replace("/opt/backprop", Installation.Directory, StringComparison.Ordinal)));

    private static string Fill(string text, string root) => text
        .Replace("%S", $"{root}/state", StringComparison.Ordinal)
        .Replace("%C", $"{root}/cache", StringComparison.Ordinal)
        .Replace("%d", $"{root}/keys", StringComparison.Ordinal);
}
