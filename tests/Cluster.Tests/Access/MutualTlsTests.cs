using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Backprop.CommandLine;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Access;

/// <summary>--client-ca-file: a worker shows a certificate of its own, for its own use, or is not let in.</summary>
public sealed class MutualTlsTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Join_OnlyAWorkersCertificateOfTheAuthority_IsLetInAndTheOthersAreToldOf()
    {
        string keys = await Keys.MakeAsync(directory, "keys", "127.0.0.1");
        string others = await Keys.MakeAsync(directory, "others", "127.0.0.1");
        await using CoordinatorProcess coordinator = Open(keys, "--epochs 1");
        int port = await PortAsync(coordinator);

        await using ProgramProcess none = Join(port, "none", keys);
        await none.LineAsync("waiting for the coordinator at https://127.0.0.1:.*: --cert-file and --key-file");
        await RefusedAsync(coordinator, "none was shown");

        // Signed by another authority.
        await using ProgramProcess foreign = Join(port, "foreign", keys, "--cert-file", $"{others}/worker.pem", "--key-file", $"{others}/worker.key");
        await foreign.LineAsync("waiting for the coordinator at https://127.0.0.1:");
        await RefusedAsync(coordinator, "the one shown was signed by another authority");

        // Signed by the right one, for a coordinator's use.
        await using ProgramProcess misused = Join(port, "misused", keys, "--cert-file", $"{keys}/server.pem", "--key-file", $"{keys}/server.key");
        await misused.LineAsync("waiting for the coordinator at https://127.0.0.1:.*: --cert-file and --key-file");
        await RefusedAsync(coordinator, "the one shown is not for a client's use");

        await using ProgramProcess good = Join(port, "good", keys, "--cert-file", $"{keys}/worker.pem", "--key-file", $"{keys}/worker.key");
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Protocol.Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((1, 0), (verdict.Joined, verdict.Lost));
        Assert.Equal(0, await good.ExitAsync());
    }

    /// <summary>Signed by the right authority, and yet not a worker's of this day.</summary>
    [Fact]
    public async Task Connect_UnfitCertificateOfTheAuthority_IsToldWhatIsWrong()
    {
        string keys = await Keys.MakeAsync(directory, "keys", "127.0.0.1");
        using SignedCertificates signed = SignedCertificates.Of(keys);
        await using CoordinatorProcess coordinator = Open(keys, "--epochs 1");
        int port = await PortAsync(coordinator);

        await ShowAsync(port, keys, signed.Worker(fromDay: -3, toDay: -2));
        await RefusedAsync(coordinator, @"the one shown expired on \d{4}-\d\d-\d\d");
        await ShowAsync(port, keys, signed.Worker(fromDay: 2, toDay: 3));
        await RefusedAsync(coordinator, @"the one shown is not valid before \d{4}-\d\d-\d\d \d\d:\d\d UTC");
        await ShowAsync(port, keys, signed.Worker(name: "printer.example"));
        await RefusedAsync(coordinator, "the one shown does not name backprop-worker");
        await ShowAsync(port, keys, signed.Worker(hasUse: false));
        await RefusedAsync(coordinator, "the one shown is not for a client's use");
        await ShowAsync(port, keys, signed.Authority());
        await RefusedAsync(coordinator, "the one shown is not for a client's use");

        await using ProgramProcess good = Join(port, "good", keys, "--cert-file", $"{keys}/worker.pem", "--key-file", $"{keys}/worker.key");
        await coordinator.CompletedAsync();
    }

    /// <summary>A stranger's certificate may say where its authority's is found: to look there would be at the stranger's pace.</summary>
    [Fact]
    public async Task Connect_CertificateThatNamesAnAddress_NothingIsFetchedFromThere()
    {
        string keys = await Keys.MakeAsync(directory, "keys", "127.0.0.1");
        using var elsewhere = new TcpListener(IPAddress.Loopback, 0);
        elsewhere.Start();
        using SignedCertificates stranger = SignedCertificates.OfAStranger();
        await using CoordinatorProcess coordinator = Open(keys, "--epochs 1");
        int port = await PortAsync(coordinator);

        await ShowAsync(port, keys, stranger.Worker(authorityAt: $"http://127.0.0.1:{((IPEndPoint)elsewhere.LocalEndpoint).Port}/authority.der"));
        await RefusedAsync(coordinator, "the one shown was signed by another authority");
        Assert.False(elsewhere.Pending());

        await using ProgramProcess good = Join(port, "good", keys, "--cert-file", $"{keys}/worker.pem", "--key-file", $"{keys}/worker.key");
        await coordinator.CompletedAsync();
        Assert.False(elsewhere.Pending());
    }

    [Theory]
    [InlineData("--client-ca-file ca.pem", "needs --cert-file with it")]
    [InlineData("--client-ca-file keys/server.pem --cert-file keys/server.pem --key-file keys/server.key", "--client-ca-file keys/server.pem|no authority's certificate")]
    [InlineData("--cert-file keys/worker.pem --key-file keys/worker.key", "--cert-file keys/worker.pem is not for a server's use")]
    [InlineData("--client-ca-file nothing.pem --cert-file keys/server.pem --key-file keys/server.key", "--client-ca-file nothing.pem|there is no such file")]
    public async Task Train_UnfitClientAuthority_IsRefused(string options, string expected)
    {
        await Keys.MakeAsync(directory, "keys", "127.0.0.1");
        await Refusal.ExpectAsync(BuiltProgram.Coordinator, $"train {options}", expected, directory);
    }

    [Theory]
    [InlineData("--coordinator https://0.0.0.0:5000", "--coordinator https://0.0.0.0:5000|URL")]
    [InlineData("--cert-file keys/worker.pem", "needs --key-file with it")]
    [InlineData("--key-file keys/worker.key", "needs --cert-file with it")]
    [InlineData("--cert-file keys/worker.pem --key-file keys/worker.key", "is for https|--coordinator https://127.0.0.1:5000")]
    [InlineData("--coordinator https://127.0.0.1:5000 --cert-file keys/worker.pem --key-file keys/server.key", "do not fit")]
    public async Task Work_UnfitCertificate_IsRefused(string options, string expected)
    {
        await Keys.MakeAsync(directory, "keys", "127.0.0.1");
        await Refusal.ExpectAsync(BuiltProgram.Worker, options, expected, directory);
    }

    private CoordinatorProcess Open(string keys, string options) => CoordinatorProcess.Start(
        directory, $"{options} --workers 0 --listen 0.0.0.0:0 --client-ca-file {keys}/ca.pem {Keys.CoordinatorOptions(keys)}");

    private static async Task<int> PortAsync(CoordinatorProcess coordinator) => int.Parse(
        (await coordinator.Program.LineAsync(@"more may join at https://[^:]+:(\d+)")).Groups[1].Value, CultureInfo.InvariantCulture);

    private ProgramProcess Join(int port, string name, string keys, params string[] certificate) => CoordinatorProcess.StartWorker(
        directory, $"https://127.0.0.1:{port}", name, [.. Keys.WorkerOptions(keys), .. certificate]);

    private static Task<Match> RefusedAsync(CoordinatorProcess coordinator, string why) => coordinator.Program.LineAsync(
        $"^WARNING: a call from 127.0.0.1:[0-9]+ was refused: --client-ca-file asks for a worker's certificate: {why}");

    /// <summary>Shows a certificate in a TLS handshake, which fails here or at the first reading.</summary>
    private static async Task ShowAsync(int port, string keys, X509Certificate2 certificate)
    {
        using (certificate)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
            await using var tls = new SslStream(client.GetStream());
            Exception? refused = await Record.ExceptionAsync(async () =>
            {
                await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
                {
                    TargetHost = "127.0.0.1",
                    // This side does not look for its own authority either.
                    ClientCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true),
                    CertificateChainPolicy = PemFiles.TrustOnly(PemFiles.ReadAuthorities("--ca-file", Path.Combine(keys, "ca.pem"))),
                });
                Assert.Equal(0, await tls.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
            });
            Assert.True(refused is null or IOException or AuthenticationException, $"{refused}");
        }
    }
}
