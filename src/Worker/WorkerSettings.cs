using Backprop.CommandLine;
using Backprop.Core;
using Backprop.Serving;
using Backprop.Worker.Relay;

namespace Backprop.Worker;

/// <summary>The worker's options: their names, defaults and what fits.</summary>
public static class WorkerSettings
{
    public static readonly Setting<Uri> Coordinator = new(
        "coordinator", "URL", "The coordinator's address; https:// when it has a certificate.",
        ValueKinds.CoordinatorUrl, new Uri("http://127.0.0.1:5000"), "http://127.0.0.1:5000");

    public static readonly Setting<string?> Name = new(
        "name", "NAME", "How the coordinator shows this worker.",
        new ValueKind<string?>("1 to 64 letters, digits, dots, hyphens and underscores", TryReadName),
        null, "the host's name and the process id");

    public static readonly Setting<int> Threads = new(
        "threads", "COUNT", "Threads that compute.", ValueKinds.WholeNumber(1, 1024), Environment.ProcessorCount,
        "all cores");

    public static readonly Setting<string?> DataDirectory = new(
        "data-dir", "DIRECTORY", "Where data sets from the coordinator are kept, by their hash.",
        ValueKinds.Text("a directory")!, null, "the user's cache");

    public static readonly Setting<string?> TokenFile = new(
        "token-file", "FILE", "The secret shared with the coordinator: one word of at least 32 bytes.",
        ValueKinds.Text("a file")!, null, null);

    public static readonly Setting<string?> AuthorityFile = new(
        "ca-file", "FILE",
        "Certificates (PEM) to trust for https:// instead of the machine's own: the authority that signed the "
        + "coordinator's certificate, or that certificate itself.",
        ValueKinds.Text("a file")!, null, null);

    public static readonly Setting<string?> CertificateFile = new(
        "cert-file", "FILE", "A certificate to show to a coordinator that asks for one (PEM).", ValueKinds.Text("a PEM file")!, null, null);

    public static readonly Setting<string?> KeyFile = new(
        "key-file", "FILE", "The certificate's private key (PEM, unencrypted).", ValueKinds.Text("a PEM file")!, null, null);

    public static readonly Setting<string> Transport = new(
        "transport", "auto|grpc", "How tensors travel: auto shares memory with a coordinator on this machine; grpc never does.",
        ValueKinds.OneOf(["auto", "grpc"]), "auto", "auto");

    public static readonly Setting<ListenAddress?> Relay = new(
        "relay", "ADDRESS:PORT",
        "Where workers may join this one instead of its coordinator: it adds their sums to its own and passes the weights on. Port 0: any free one. Other than "
        + "loopback needs --relay-cert-file, --relay-key-file and --token-file.",
        ValueKinds.AddressOrOff, null, "off");

    public static readonly Setting<string?> RelayCertificateFile = new(
        "relay-cert-file", "FILE", "The certificate that a relay shows to its workers (PEM): for TLS.", ValueKinds.Text("a PEM file")!, null, null);

    public static readonly Setting<string?> RelayKeyFile = new(
        "relay-key-file", "FILE", "That certificate's private key (PEM, unencrypted).", ValueKinds.Text("a PEM file")!, null, null);

    public static readonly Setting<string?> RelayAuthorityFile = new(
        "relay-client-ca-file", "FILE", "Mutual TLS: a relay's workers on other machines must show a certificate that one of these authorities signed (PEM).",
        ValueKinds.Text("a PEM file")!, null, null);

    public static readonly Setting<bool> EndWithInput = new(
        "end-with-input", "", "Ends when standard input ends: for a program that starts workers and must not leave them behind.",
        ValueKinds.Flag, false, "false");

    public const string Examples =
        """
        Examples:
          A second worker for a coordinator on this machine:
            Backprop.Worker

          Four threads on another machine, over TLS, with the shared secret:
            Backprop.Worker --coordinator https://trainer.example:5000 --token-file token.txt --ca-file ca.pem --threads 4

          A relay between the coordinator and other workers of this machine, which join it with --coordinator http://127.0.0.1:5001:
            Backprop.Worker --relay 127.0.0.1:5001

          Data sets kept on a large disk:
            Backprop.Worker --coordinator http://127.0.0.1:5000 --data-dir /scratch/backprop

        Every option can also be an environment variable (BACKPROP_COORDINATOR, BACKPROP_TOKEN_FILE, …) or a key of the
        section "BackpropWorker" in appsettings.json; the command line wins.

        Exit codes: 0 the run has ended or the worker was asked to leave (Ctrl-C, SIGTERM), 1 failed, 2 refused options or
        refused by the coordinator.

        """;

    public static IReadOnlyList<Setting> All { get; } = [Coordinator, Name, Threads, DataDirectory, TokenFile, AuthorityFile, CertificateFile, KeyFile, Transport, Relay, RelayCertificateFile, RelayKeyFile, RelayAuthorityFile, EndWithInput];

    /// <exception cref="UserErrorException">A value or a combination does not fit.</exception>
    public static WorkerOptions Read(SettingValues values)
    {
        var options = new WorkerOptions(
            values.Get(Coordinator),
            values.Get(Name) ?? DefaultName(),
            values.Get(Threads),
            values.Get(DataDirectory),
            values.Get(TokenFile),
            values.Get(AuthorityFile),
            values.Get(CertificateFile),
            values.Get(KeyFile),
            values.Get(EndWithInput),
            values.Get(Transport) == "auto",
            RelayOf(values));

        if (options.Relay is { } relay && Reaches(options.Coordinator, relay.Listen))
            throw new UserErrorException($"{values.Given(Relay)} is the address that --coordinator {options.Coordinator.OriginalString} names: a relay cannot be its own coordinator; give it another port.");

        bool isEncrypted = options.Coordinator.Scheme == Uri.UriSchemeHttps;
        CheckPair(values, CertificateFile, KeyFile);
        CheckPair(values, KeyFile, CertificateFile);
        Setting[] ofTls = [AuthorityFile, CertificateFile];
        if (!isEncrypted && ofTls.FirstOrDefault(values.IsGiven) is { } idle)
        {
            throw new UserErrorException(
                $"{values.Given(idle)} is for https, and the coordinator is {options.Coordinator.OriginalString}; "
                + $"try --coordinator {Encrypted(options.Coordinator)}.");
        }

        if (options.TokenFile is not null && !isEncrypted && !options.Coordinator.IsLoopback)
        {
            throw new UserErrorException(
                $"{values.Given(TokenFile)} would send the token readable by anyone on the way to "
                + $"{options.Coordinator.OriginalString}; try --coordinator {Encrypted(options.Coordinator)}.");
        }

        if (File.Exists(options.DataDirectory))
            throw new UserErrorException($"{values.Given(DataDirectory)} is a file; it takes a directory, which is made where it is missing.");
        if (options.TokenFile is not null)
            _ = CommandLine.TokenFile.Read(options.TokenFile);
        if (options.AuthorityFile is not null)
            _ = PemFiles.ReadAuthorities(AuthorityFile.Name, options.AuthorityFile);
        if (options is { CertificateFile: not null, KeyFile: not null })
            PemFiles.ReadCertificate(options.CertificateFile, options.KeyFile).Dispose();
        return options;
    }

    /// <summary>Whether who calls there comes to who listens here, as far as that is plain without looking names up.</summary>
    private static bool Reaches(Uri called, ListenAddress listen) =>
        ListenAddress.TryParse(called.Authority, out ListenAddress? there) && there.ClashesWith(listen);

    private static RelayOptions? RelayOf(SettingValues values)
    {
        if (values.Get(Relay) is { } listen)
        {
            EntranceRules.Check(new EntranceSettings(Relay, RelayCertificateFile, RelayKeyFile, TokenFile, RelayAuthorityFile), listen, values);
            return new RelayOptions(listen, values.Get(RelayCertificateFile), values.Get(RelayKeyFile), values.Get(RelayAuthorityFile));
        }

        Setting[] ofRelays = [RelayCertificateFile, RelayKeyFile, RelayAuthorityFile];
        if (ofRelays.FirstOrDefault(values.IsGiven) is { } idle)
            throw new UserErrorException($"{values.Given(idle)} is for a relay, and this worker is none; try --relay 0.0.0.0:5001.");
        return null;
    }

    private static void CheckPair(SettingValues values, Setting given, Setting missing)
    {
        if (values.IsGiven(given) && !values.IsGiven(missing))
            throw new UserErrorException($"{values.Given(given)} needs {missing.Name} with it: a certificate is shown with its key.");
    }

    private static string Encrypted(Uri coordinator) => $"https://{coordinator.Authority}";

    /// <summary>Host names may hold letters that a worker's name may not.</summary>
    private static string DefaultName()
    {
        string host = new([.. Environment.MachineName.Take(48).Select(c => IsNameLetter(c) ? c : '-')]);
        return $"{(host.Length == 0 ? "worker" : host)}-{Environment.ProcessId}";
    }

    private static bool IsNameLetter(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_';

    private static bool TryReadName(string text, out string? name)
    {
        name = text;
        return text.Length is >= 1 and <= 64 && text.All(IsNameLetter);
    }
}
