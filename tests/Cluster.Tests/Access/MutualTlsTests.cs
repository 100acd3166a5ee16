using System.Globalization;
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
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, $"--epochs 1 --workers 0 --listen 0.0.0.0:0 --client-ca-file {keys}/ca.pem {Keys.CoordinatorOptions(keys)}");
        int port = int.Parse((await coordinator.Program.LineAsync(@"more may join at https://[^:]+:(\d+)")).Groups[1].Value, CultureInfo.InvariantCulture);

        await using ProgramProcess none = Join("none");
        await none.LineAsync("waiting for the coordinator at https://127.0.0.1:.*: --cert-file and --key-file");

        // Signed by another authority.
        await using ProgramProcess foreign = Join("foreign", "--cert-file", $"{others}/worker.pem", "--key-file", $"{others}/worker.key");
        await foreign.LineAsync("waiting for the coordinator at https://127.0.0.1:");
        await coordinator.Program.LineAsync("^WARNING: a call from another machine was refused: its certificate is not a worker's of --client-ca-file .(UntrustedRoot|PartialChain)");

        // Signed by the right one, for a coordinator's use.
        await using ProgramProcess misused = Join("misused", "--cert-file", $"{keys}/server.pem", "--key-file", $"{keys}/server.key");
        await misused.LineAsync("waiting for the coordinator at https://127.0.0.1:.*: --cert-file and --key-file");
        await coordinator.Program.LineAsync("^WARNING: .*certificate is not a worker's of --client-ca-file .NotValidForUsage");

        await using ProgramProcess good = Join("good", "--cert-file", $"{keys}/worker.pem", "--key-file", $"{keys}/worker.key");
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Protocol.Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((1, 0), (verdict.Joined, verdict.Lost));
        Assert.Equal(0, await good.ExitAsync());

        ProgramProcess Join(string name, params string[] certificate) => CoordinatorProcess.StartWorker(
            directory, $"https://127.0.0.1:{port}", name, [.. Keys.WorkerOptions(keys), .. certificate]);
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
}
