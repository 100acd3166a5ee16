using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Network;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Access;

/// <summary>A coordinator open to other machines, as the command certificates and the README set it up.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class OtherMachinesTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Train_RemoteWorkersOverTls_SameWeights()
    {
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, "--epochs 2 --in-process", "one");
        string keys = await MakeCertificatesAsync("keys", "localhost", "127.0.0.1");
        await using CoordinatorProcess coordinator = Open(keys, "--epochs 2 --workers 0 --min-workers 2");
        int port = await PortAsync(coordinator);
        await using ProgramProcess byName = Join(port, "localhost", "by-name", keys, keys);
        await using ProgramProcess byAddress = Join(port, "127.0.0.1", "by-address", keys, keys);

        RunVerdict verdict = await coordinator.CompletedAsync();

        Assert.Equal(one.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal((2, 0), (verdict.Joined, verdict.Lost));
        Assert.Equal((0, 0), (await byName.ExitAsync(), await byAddress.ExitAsync()));
    }

    [Fact]
    public async Task Train_LocalWorkersOfAnOpenCoordinator_JoinOverLoopbackWithTheToken()
    {
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, "--epochs 1 --in-process", "one");
        await using CoordinatorProcess coordinator = Open(await MakeCertificatesAsync("keys", "127.0.0.1"), "--epochs 1 --workers 2");

        RunVerdict verdict = await coordinator.CompletedAsync();

        Assert.Equal(one.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal((2, 0), (verdict.Joined, verdict.Lost));
    }

    [Fact]
    public async Task Join_WrongTokenAuthorityNameOrPlainText_IsToldWhichAndTheRunGoesOn()
    {
        string keys = await MakeCertificatesAsync("keys", "127.0.0.1");
        string others = await MakeCertificatesAsync("others", "127.0.0.1");
        await using CoordinatorProcess coordinator = Open(keys, "--epochs 2 --workers 0 --min-workers 1");
        int port = await PortAsync(coordinator);

        await using ProgramProcess wrongToken = Join(port, "127.0.0.1", "token", keys, others);
        await wrongToken.LineAsync("refuses this worker: Not this run's token: see the worker's --token-file");
        Assert.Equal(2, await wrongToken.ExitAsync());

        await using ProgramProcess wrongAuthority = Join(port, "127.0.0.1", "authority", others, keys);
        await wrongAuthority.LineAsync("waiting for the coordinator at https://127.0.0.1:.*PartialChain");

        // The certificate names 127.0.0.1 alone.
        await using ProgramProcess wrongName = Join(port, "localhost", "name", keys, keys);
        await wrongName.LineAsync("waiting for the coordinator at https://localhost:.*RemoteCertificateNameMismatch");

        await using ProgramProcess noToken = CoordinatorProcess.StartWorker(
            directory, $"https://127.0.0.1:{port}", "no-token", "--ca-file", Path.Combine(keys, "ca.pem"));
        await noToken.LineAsync("refuses this worker: No token: start the worker with --token-file");
        Assert.Equal(2, await noToken.ExitAsync());

        await using ProgramProcess plain = CoordinatorProcess.StartWorker(directory, $"http://127.0.0.1:{port}", "plain");
        await plain.LineAsync($@"^waiting for the coordinator at http://127.0.0.1:{port}/? \(.*https://");

        // The operator is told too, each reason by itself.
        await coordinator.Program.LineAsync("^WARNING: a call from .* was refused: it showed another token");
        await coordinator.Program.LineAsync("^WARNING: a call from .* was refused: it showed no token");

        await using ProgramProcess good = Join(port, "127.0.0.1", "good", keys, keys);
        RunVerdict verdict = await coordinator.CompletedAsync();
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, "--epochs 2 --in-process", "one");
        Assert.Equal(one.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal((1, 0), (verdict.Joined, verdict.Lost));
        Assert.Equal(0, await good.ExitAsync());
    }

    [Theory]
    [InlineData(Idleness.Connected)]
    [InlineData(Idleness.NoCall)]
    public async Task Train_ConnectionWithoutTls_IsDroppedAndTheRunGoesOn(Idleness how)
    {
        string keys = await MakeCertificatesAsync("keys", "127.0.0.1");
        await using CoordinatorProcess coordinator = Open(keys, "--epochs 1 --workers 0");
        int port = await PortAsync(coordinator);
        await using IdleConnection idle = await IdleConnection.OpenAsync($"http://127.0.0.1:{port}", how, "idle");
        await idle.DroppedAsync();

        await using ProgramProcess good = Join(port, "127.0.0.1", "good", keys, keys);
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Protocol.Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((1, 0), (verdict.Joined, verdict.Lost));
    }

    [Fact]
    public async Task Train_ExpiredCertificate_IsRefused()
    {
        string keys = await MakeCertificatesAsync("keys", "127.0.0.1");
        Expire(keys);

        await using CoordinatorProcess coordinator = Open(keys, "--epochs 1 --workers 1");

        Assert.Equal(2, await coordinator.Program.ExitAsync());
        Assert.Matches($@"^--cert-file {keys}/server.pem expired on \S+, and no worker would accept it; .+$", coordinator.Program.Errors);
    }

    /// <summary>One that expires while its coordinator runs: the coordinator would no longer start with it.</summary>
    [Fact]
    public async Task Join_ExpiredCertificate_IsTold()
    {
        string keys = await MakeCertificatesAsync("keys", "127.0.0.1");
        Expire(keys);
        using X509Certificate2 expired = X509Certificate2.CreateFromPemFile(
            Path.Combine(keys, "server.pem"), Path.Combine(keys, "server.key"));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using ProgramProcess worker = Join(((IPEndPoint)listener.LocalEndpoint).Port, "127.0.0.1", "remote", keys, keys);
        using TcpClient caller = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await using var secured = new SslStream(caller.GetStream());
        Exception? refused = await Record.ExceptionAsync(async () =>
        {
            await secured.AuthenticateAsServerAsync(expired);
            Assert.Equal(0, await secured.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        });

        Assert.True(refused is null or IOException or AuthenticationException, $"{refused}");
        await worker.LineAsync("waiting for the coordinator at https://127.0.0.1:.*NotTimeValid");
    }

    [Fact]
    public async Task Join_TlsToPlainText_IsToldAndTheRunGoesOn()
    {
        string keys = await MakeCertificatesAsync("keys", "127.0.0.1");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        string address = (await coordinator.AddressAsync()).TrimEnd('/');

        await using ProgramProcess secured = Join(new Uri(address).Port, "127.0.0.1", "secured", keys, keys);
        await secured.LineAsync("waiting for the coordinator at https://127.0.0.1:.*http://");

        await using ProgramProcess plain = CoordinatorProcess.StartWorker(directory, address, "plain");
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Protocol.Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((1, 0), (verdict.Joined, verdict.Lost));
    }

    private CoordinatorProcess Open(string keys, string options) => CoordinatorProcess.Start(
        directory,
        $"{options} --listen 0.0.0.0:0 {Keys.CoordinatorOptions(keys)}");

    private ProgramProcess Join(int port, string host, string name, string authority, string token) =>
        CoordinatorProcess.StartWorker(directory, $"https://{host}:{port}", name, Keys.WorkerOptions(authority, token));

    private static async Task<int> PortAsync(CoordinatorProcess coordinator) => int.Parse(
        (await coordinator.Program.LineAsync(@"more may join at https://[^:]+:(\d+)")).Groups[1].Value, CultureInfo.InvariantCulture);

    /// <summary>Signs the coordinator's key again, for two days of which the last was yesterday.</summary>
    private static void Expire(string keys)
    {
        string certificatePath = Path.Combine(keys, "server.pem");
        using X509Certificate2 authority = X509Certificate2.CreateFromPemFile(
            Path.Combine(keys, "ca.pem"), Path.Combine(keys, "ca.key"));
        using X509Certificate2 present = X509Certificate2.CreateFromPemFile(certificatePath, Path.Combine(keys, "server.key"));
        var request = new CertificateRequest(
            present.SubjectName, present.GetECDsaPublicKey()!, HashAlgorithmName.SHA256);
        foreach (X509Extension extension in present.Extensions)
            request.CertificateExtensions.Add(extension);

        // No certificate is valid before the one that signs it; that was made just now, to be valid for years.
        DateTimeOffset yesterday = TimeProvider.System.GetUtcNow().AddDays(-1);
        using X509Certificate2 older = Dated(authority, yesterday.AddDays(-2), yesterday.AddYears(1));
        using X509Certificate2 expired = request.Create(older, yesterday.AddDays(-1), yesterday, present.SerialNumberBytes.Span);
        File.WriteAllText(certificatePath, expired.ExportCertificatePem());
        File.WriteAllText(Path.Combine(keys, "ca.pem"), older.ExportCertificatePem());
    }

    /// <summary>The authority with other dates.</summary>
    private static X509Certificate2 Dated(X509Certificate2 authority, DateTimeOffset from, DateTimeOffset to)
    {
        ECDsa key = authority.GetECDsaPrivateKey()!;
        var request = new CertificateRequest(authority.SubjectName, key, HashAlgorithmName.SHA256);
        foreach (X509Extension extension in authority.Extensions)
            request.CertificateExtensions.Add(extension);
        return request.CreateSelfSigned(from, to);
    }

    private Task<string> MakeCertificatesAsync(string name, params string[] hosts) => Keys.MakeAsync(directory, name, hosts);
}
