using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Backprop.CommandLine;
using Backprop.Core;

namespace Backprop.Coordinator.Commands;

/// <summary><c>certificates</c>: makes what a coordinator needs to be reached from other machines.</summary>
internal static class CertificatesCommand
{
    private const int TokenBytes = 32;
    private const UnixFileMode MyFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode MyDirectory = MyFile | UnixFileMode.UserExecute;

    private const string Examples =
        """
        Example:
          Workers will call the coordinator by a name or by an address:
            Backprop.Coordinator certificates keys trainer.example 192.0.2.7

        Files, readable by you alone:
          ca.pem, ca.key          an authority of your own; its key signs, and nothing needs it afterwards
          server.pem, server.key  for the coordinator: --cert-file and --key-file
          worker.pem, worker.key  for workers, where the coordinator runs with --client-ca-file ca.pem
          token.txt               the secret that workers must show: --token-file
        Workers need ca.pem and token.txt, and worker.pem and worker.key if they are asked for. The authority is good for ten years,
        what it signed for one.

        Exit codes: 0 done, 2 refused: nothing was written.

        """;

    public static void AddTo(CommandLineProgram program)
    {
        var directory = new Argument<string>("directory") { HelpName = "DIRECTORY", Description = "new, or without any of these files." };
        var hosts = new Argument<string[]>("host")
        {
            HelpName = "HOST",
            Description = "names or addresses by which workers will call the coordinator.",
            Arity = ArgumentArity.OneOrMore,
        };
        program.Add(
            new Command("certificates", "Makes a private authority, certificates and a token for workers on other machines.") { directory, hosts },
            [], Examples,
            (parsed, _, _) => Task.FromResult(Make(parsed.GetRequiredValue(directory), parsed.GetRequiredValue(hosts))));
    }

    /// <exception cref="UserErrorException">A name does not fit, a file is there, or it cannot be written.</exception>
    private static int Make(string directory, string[] hosts)
    {
        foreach (string host in hosts)
        {
            if (!IsHost(host))
                throw new UserErrorException($"certificates: '{host}' is no host name or address; it takes such as trainer.example or 192.0.2.7.");
        }

        using var authority = new PrivateAuthority(TimeProvider.System);
        PemPair server = authority.ForServer(hosts);
        PemPair worker = authority.ForWorkers();
        (string Name, string Text)[] files =
        [
            ("ca.pem", authority.Own.Certificate), ("ca.key", authority.Own.Key), ("server.pem", server.Certificate), ("server.key", server.Key),
            ("worker.pem", worker.Certificate), ("worker.key", worker.Key),
            ("token.txt", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes))),
        ];
        Write(directory, files);
        Console.WriteLine($"wrote {string.Join(", ", files[..^1].Select(file => file.Name))} and {files[^1].Name} to {directory}");
        Console.WriteLine($"coordinator: --listen 0.0.0.0:5000 --cert-file {In("server.pem")} --key-file {In("server.key")} --token-file {In("token.txt")}");
        string called = hosts[0].Contains(':', StringComparison.Ordinal) ? $"[{hosts[0].Trim('[', ']')}]" : hosts[0];
        Console.WriteLine($"workers, with copies of ca.pem and token.txt: --coordinator https://{called}:5000 --ca-file ca.pem --token-file token.txt");
        return ExitCodes.Success;

        string In(string name) => directory.Any(char.IsWhiteSpace) ? $"\"{directory}/{name}\"" : $"{directory}/{name}";
    }

    /// <summary>All of the files, or none.</summary>
    private static void Write(string directory, (string Name, string Text)[] files)
    {
        List<string> written = [];
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(directory);
            else
                Directory.CreateDirectory(directory, MyDirectory);
            foreach ((string name, string _) in files)
            {
                if (Path.Exists(Path.Combine(directory, name)))
                    throw new UserErrorException($"certificates: {Path.Combine(directory, name)} is there already; give another directory, or remove it.");
            }

            foreach ((string name, string text) in files)
            {
                string path = Path.Combine(directory, name);
                var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                    options.UnixCreateMode = MyFile;
                using var stream = new FileStream(path, options);
                written.Add(path);
                stream.Write(Encoding.ASCII.GetBytes(text + "\n"));
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            foreach (string path in written)
                File.Delete(path);
            throw new UserErrorException($"certificates: {directory} cannot be written: {error.Message.TrimEnd('.')}.", error);
        }
    }

    /// <summary>Digits and dots alone are an address or nothing.</summary>
    private static bool IsHost(string text) => IPAddress.TryParse(text, out IPAddress? address)
        ? !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any) && (address.ToString() == text || text.Contains(':', StringComparison.Ordinal))
        : Uri.CheckHostName(text) == UriHostNameType.Dns && text.All(char.IsAscii) && text.Any(char.IsAsciiLetter);
}
