using System.CommandLine;
using System.Net.Security;
using Backprop.CommandLine;
using Backprop.Core;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace Backprop.Coordinator.Commands;

/// <summary>
/// <c>health</c>: asks a coordinator's standard health service, for those who watch over processes. Their own questions know
/// neither its certificate nor its token.
/// </summary>
internal static class HealthCommand
{
    private const string Examples =
        """
        Examples:
          A coordinator on this machine:
            Backprop.Coordinator health http://127.0.0.1:5000

          Over TLS and with the token, as a container asks the coordinator in it (its certificate names localhost):
            Backprop.Coordinator health https://localhost:5000 --ca-file keys/ca.pem --token-file keys/token.txt

        Exit codes: 0 it serves workers, 1 it does not or gave no answer within 10 s, 2 refused options.

        """;

    private static readonly TimeSpan deadline = TimeSpan.FromSeconds(10);

    private static readonly Setting<string?> authorityFile = new(
        "ca-file", "FILE", "Certificates (PEM) to trust for https:// instead of the machine's own.",
        ValueKinds.Text("a file")!, null, null);

    private static readonly Setting<string?> tokenFile = new(
        "token-file", "FILE", "The run's secret, which every call must show.", ValueKinds.Text("a file")!, null, null);

    private static readonly Setting<string?> certificateFile = new(
        "cert-file", "FILE", "A worker's certificate, for a coordinator that asks for one (PEM).", ValueKinds.Text("a PEM file")!, null, null);

    private static readonly Setting<string?> keyFile = new(
        "key-file", "FILE", "That certificate's private key (PEM, unencrypted).", ValueKinds.Text("a PEM file")!, null, null);

    public static void AddTo(CommandLineProgram program)
    {
        var url = new Argument<string>("url") { HelpName = "URL", Description = "the coordinator's address; https:// when it has a certificate." };
        program.Add(
            new Command("health", "Asks a coordinator whether it serves workers.") { url },
            [authorityFile, tokenFile, certificateFile, keyFile], Examples,
            (parsed, values, cancellationToken) => AskAsync(parsed.GetRequiredValue(url), values, cancellationToken));
    }

    /// <exception cref="UserErrorException">The address or a file does not fit.</exception>
    private static async Task<int> AskAsync(string url, SettingValues values, CancellationToken cancellationToken)
    {
        if (!ValueKinds.CoordinatorUrl.TryRead(url, out Uri? address))
            throw new UserErrorException($"health '{url}' does not fit; it takes {ValueKinds.CoordinatorUrl.Takes}.");
        Metadata headers = Token(address, values);
        using GrpcChannel channel = Open(address, values);
        try
        {
            HealthCheckResponse answer = await new Health.HealthClient(channel).CheckAsync(
                new HealthCheckRequest(), headers, TimeProvider.System.GetUtcNow().UtcDateTime + deadline, cancellationToken);
            Console.WriteLine(answer.Status == HealthCheckResponse.Types.ServingStatus.Serving ? "serving" : $"not serving: {answer.Status}");
            return answer.Status == HealthCheckResponse.Types.ServingStatus.Serving ? ExitCodes.Success : ExitCodes.Failed;
        }
        catch (RpcException error) when (!cancellationToken.IsCancellationRequested)
        {
            string reason = error.Status.DebugException?.GetBaseException().Message ?? error.Status.Detail;
            await Console.Error.WriteLineAsync($"no health of {url}: {(reason.Length == 0 ? error.StatusCode : reason.ReplaceLineEndings(" "))}");
            return ExitCodes.Failed;
        }
    }

    private static Metadata Token(Uri address, SettingValues values)
    {
        if (values.Get(tokenFile) is not { } file)
            return [];
        if (address.Scheme != Uri.UriSchemeHttps && !address.IsLoopback)
            throw new UserErrorException($"{values.Given(tokenFile)} would send the token readable by anyone on the way to {address.OriginalString}; try https://{address.Authority}.");
        return new Metadata { { "authorization", "Bearer " + TokenFile.Read(file) } };
    }

    private static GrpcChannel Open(Uri address, SettingValues values)
    {
        var tls = new SslClientAuthenticationOptions();
        if (values.Get(authorityFile) is { } authority)
            tls.CertificateChainPolicy = PemFiles.TrustOnly(PemFiles.ReadAuthorities(authorityFile.Name, authority));
        (string? certificate, string? key) = (values.Get(certificateFile), values.Get(keyFile));
        if (certificate is not null && key is not null)
            tls.ClientCertificates = [PemFiles.ReadCertificate(certificate, key)];
        else if (certificate is not null || key is not null)
            throw new UserErrorException($"{values.Given(certificate is null ? keyFile : certificateFile)} needs {(certificate is null ? certificateFile : keyFile).Name} with it: a certificate is shown with its key.");
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            // A proxy from the environment is not meant for a training run.
            HttpHandler = new SocketsHttpHandler { UseProxy = false, SslOptions = tls },
            DisposeHttpClient = true,
        });
    }
}
