using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Access;

/// <summary>A coordinator open to other machines, as deploy/certificates.sh and the README set it up.</summary>
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
        Assert.NotEqual(0, await wrongToken.ExitAsync());

        await using ProgramProcess wrongAuthority = Join(port, "127.0.0.1", "authority", others, keys);
        await wrongAuthority.LineAsync("waiting for the coordinator at https://127.0.0.1:.*PartialChain");

        // The certificate names 127.0.0.1 alone.
        await using ProgramProcess wrongName = Join(port, "localhost", "name", keys, keys);
        await wrongName.LineAsync("waiting for the coordinator at https://localhost:.*RemoteCertificateNameMismatch");

        await using ProgramProcess plain = CoordinatorProcess.StartWorker(
            directory, $"http://127.0.0.1:{port}", "plain", "--token-file", Path.Combine(keys, "token.txt"));
        await plain.LineAsync($"waiting for the coordinator at http://127.0.0.1:{port}");

        await using ProgramProcess good = Join(port, "127.0.0.1", "good", keys, keys);
        RunVerdict verdict = await coordinator.CompletedAsync();
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, "--epochs 2 --in-process", "one");
        Assert.Equal(one.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal((1, 0), (verdict.Joined, verdict.Lost));
        Assert.Equal(0, await good.ExitAsync());
    }

    [Fact]
    public async Task MakeCertificates_Again_LeavesWhatIsThere()
    {
        string keys = await MakeCertificatesAsync("keys", "127.0.0.1");
        string token = await File.ReadAllTextAsync(Path.Combine(keys, "token.txt"), TestContext.Current.CancellationToken);

        Assert.Equal(2, await RunScriptAsync(keys, "127.0.0.1"));

        Assert.Equal(token, await File.ReadAllTextAsync(Path.Combine(keys, "token.txt"), TestContext.Current.CancellationToken));
        const UnixFileMode mine = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.All(Directory.GetFiles(keys), path => Assert.Equal(mine, File.GetUnixFileMode(path)));
    }

    [Theory]
    [InlineData("1.2.3")]
    [InlineData("two words")]
    public async Task MakeCertificates_UnfitName_LeavesNoFile(string name)
    {
        string keys = Path.Combine(directory.Path, "keys");
        Assert.Equal(2, await RunScriptAsync(keys, name));
        Assert.False(Directory.Exists(keys) && Directory.EnumerateFileSystemEntries(keys).Any());
    }

    private CoordinatorProcess Open(string keys, string options) => CoordinatorProcess.Start(
        directory,
        $"{options} --listen 0.0.0.0:0 --cert-file {keys}/server.pem --key-file {keys}/server.key --token-file {keys}/token.txt");

    private ProgramProcess Join(int port, string host, string name, string authority, string token) =>
        CoordinatorProcess.StartWorker(
            directory, $"https://{host}:{port}", name, "--ca-file", Path.Combine(authority, "ca.pem"),
            "--token-file", Path.Combine(token, "token.txt"));

    private static async Task<int> PortAsync(CoordinatorProcess coordinator) => int.Parse(
        (await coordinator.Program.LineAsync(@"more may join at https://[^:]+:(\d+)")).Groups[1].Value, CultureInfo.InvariantCulture);

    private async Task<string> MakeCertificatesAsync(string name, params string[] hosts)
    {
        string keys = Path.Combine(directory.Path, name);
        Assert.Equal(0, await RunScriptAsync([keys, .. hosts]));
        return keys;
    }

    private static async Task<int> RunScriptAsync(params string[] arguments)
    {
        using Process script = Process.Start("bash", [Path.Combine(Checkout.Root, "deploy", "certificates.sh"), .. arguments]);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(ProgramProcess.Deadline);
        await script.WaitForExitAsync(limit.Token);
        return script.ExitCode;
    }
}
