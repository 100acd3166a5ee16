using System.Runtime.Versioning;
using Backprop.Cluster.Tests.Access;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Cluster.Tests.Weights;
using Backprop.Protos;
using Backprop.Serving;

namespace Backprop.Cluster.Tests.Relays;

/// <summary>Workers behind another worker: one to the coordinator, and not a bit of the weights other.</summary>
public sealed class RelayTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("auto", "auto")]
    [InlineData("auto", "grpc")]
    [InlineData("grpc", "auto")]
    [InlineData("grpc", "grpc")]
    public async Task Train_WorkersBehindARelay_SameWeights(string above, string below)
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, EndlessRun.Options + "--workers 0 --audit 0.5");
        await using RelayProcess relay = await RelayProcess.StartAsync(directory, await coordinator.AddressAsync(), "relay", "--transport", above);
        await using ProgramProcess a = CoordinatorProcess.StartWorker(directory, relay.Address, "a", "--transport", below);
        await using ProgramProcess b = CoordinatorProcess.StartWorker(directory, relay.Address, "b", "--transport", below);
        await coordinator.UntilAsync(Stands(3));
        await coordinator.GoOnAsync();

        RunVerdict verdict = await EndlessRun.StoppedAsync(coordinator, directory);
        Assert.Equal((1, 0, 0), (verdict.Joined, verdict.Lost, verdict.NodesReassigned));
    }

    [Fact]
    public async Task Train_ToTheEnd_WorkersBehindTheRelayEndToo()
    {
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, "--epochs 3 --in-process", "one");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 3 --workers 0 --min-workers 2");
        string address = await coordinator.AddressAsync();
        await using RelayProcess relay = await RelayProcess.StartAsync(directory, address, "relay");
        await using ProgramProcess behind = CoordinatorProcess.StartWorker(directory, relay.Address, "behind");
        await relay.Program.LineAsync("^relay: worker behind joined$");
        await using ProgramProcess beside = CoordinatorProcess.StartWorker(directory, address, "beside");

        RunVerdict verdict = await coordinator.CompletedAsync();

        Assert.Equal(one.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal((0, 0, 0), (await relay.Program.ExitAsync(), await behind.ExitAsync(), await beside.ExitAsync()));
        Assert.Contains("the run is over: completed", behind.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_RelayBehindARelay_SameWeights()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, EndlessRun.Options + "--workers 0");
        await using RelayProcess first = await RelayProcess.StartAsync(directory, await coordinator.AddressAsync(), "first");
        await using RelayProcess second = await RelayProcess.StartAsync(directory, first.Address, "second", "--transport", "grpc");
        await using ProgramProcess last = CoordinatorProcess.StartWorker(directory, second.Address, "last");
        await coordinator.UntilAsync(Stands(3));
        await coordinator.GoOnAsync();

        await EndlessRun.StoppedAsync(coordinator, directory);
    }

    [Fact]
    public async Task Train_MoreThreadsBehindARelayThanAWorkerMayHave_RelayStandsForTheMost()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, EndlessRun.Options + "--workers 0");
        await using RelayProcess relay = await RelayProcess.StartAsync(directory, await coordinator.AddressAsync(), "relay");
        await using PlainWorker large = await PlainWorker.JoinAsync(relay.Address, ManyThreads("large"));
        await using PlainWorker larger = await PlainWorker.JoinAsync(relay.Address, ManyThreads("larger"));
        await large.ReadyAsync();
        await larger.ReadyAsync();
        await relay.Program.LineAsync("^relay: worker larger joined$");

        await coordinator.UntilAsync(Stands(JoinCheck.ThreadsAtMost));
    }

    [Fact]
    public async Task Train_WorkerBehindARelayKilled_OthersComputeItsNodesSameWeights()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, EndlessRun.Options + "--workers 0");
        await using RelayProcess relay = await RelayProcess.StartAsync(directory, await coordinator.AddressAsync(), "relay");
        await using ProgramProcess doomed = CoordinatorProcess.StartWorker(directory, relay.Address, "doomed");
        await coordinator.UntilAsync(Stands(2));

        // Frozen, it cannot answer what it is given: that is outstanding when it dies.
        await doomed.FreezeAsync();
        doomed.Kill();
        await relay.Program.LineAsync(@"^relay: worker doomed lost \(.+\)$");
        await coordinator.UntilAsync(Stands(1));
        await coordinator.GoOnAsync();

        RunVerdict verdict = await EndlessRun.StoppedAsync(coordinator, directory);
        Assert.Equal((1, 0), (verdict.Joined, verdict.Lost));
    }

    [Fact]
    public async Task Train_WorkerBehindARelayFrozen_RunGoesOnAndItComesBack()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, EndlessRun.Options + "--workers 0");
        await using RelayProcess relay = await RelayProcess.StartAsync(directory, await coordinator.AddressAsync(), "relay");
        await using ProgramProcess frozen = CoordinatorProcess.StartWorker(directory, relay.Address, "frozen");
        await coordinator.UntilAsync(Stands(2));

        await frozen.FreezeAsync();
        await relay.Program.LineAsync(@"^relay: worker frozen lost \(silent for .+ s\)$");
        await coordinator.GoOnAsync();
        frozen.Thaw();
        await relay.Program.LineAsync("^relay: worker frozen joined$", times: 2);
        await coordinator.UntilAsync(Stands(2));
        await coordinator.GoOnAsync();

        await EndlessRun.StoppedAsync(coordinator, directory);
    }

    [Fact]
    public async Task Train_RelayKilled_OthersGoOnAndItsWorkersComeBackToTheNext()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, EndlessRun.Options + "--workers 0 --min-workers 2");
        string address = await coordinator.AddressAsync();
        await using RelayProcess relay = await RelayProcess.StartAsync(directory, address, "relay");
        await using ProgramProcess behind = CoordinatorProcess.StartWorker(directory, relay.Address, "behind");
        await using ProgramProcess beside = CoordinatorProcess.StartWorker(directory, address, "beside");
        await coordinator.UntilAsync(Stands(2));
        await coordinator.GoOnAsync();

        await relay.Program.FreezeAsync();
        relay.Program.Kill();
        await coordinator.Program.LineAsync("^worker relay lost at ");
        await behind.LineAsync("^waiting for the coordinator at ");
        await using RelayProcess next = await RelayProcess.StartAsync(directory, address, "relay", relay.Port);
        await next.Program.LineAsync("^relay: worker behind joined$");
        await coordinator.UntilAsync(Stands(2));
        await coordinator.GoOnAsync();

        await EndlessRun.StoppedAsync(coordinator, directory);
    }

    [Fact]
    public async Task Train_RelayFrozen_OthersGoOnAndItComesBackWithItsWorkers()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, EndlessRun.Options + "--workers 0");
        string address = await coordinator.AddressAsync();
        await using ProgramProcess beside = CoordinatorProcess.StartWorker(directory, address, "beside");
        await using RelayProcess relay = await RelayProcess.StartAsync(directory, address, "relay");
        await using ProgramProcess behind = CoordinatorProcess.StartWorker(directory, relay.Address, "behind");
        await coordinator.UntilAsync(Stands(2));

        await relay.Program.FreezeAsync();
        await coordinator.Program.LineAsync(@"^worker relay lost at .*\(silent for .+ s\)$");
        await coordinator.GoOnAsync();
        await behind.LineAsync("^waiting for the coordinator at ");
        relay.Program.Thaw();
        await coordinator.UntilAsync(Stands(2));
        await coordinator.GoOnAsync();

        await EndlessRun.StoppedAsync(coordinator, directory);
    }

    [Fact]
    public async Task Train_RelayAskedToLeave_LeavesInOrderAndTheRunGoesOn()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, EndlessRun.Options + "--workers 0");
        string address = await coordinator.AddressAsync();
        await using ProgramProcess beside = CoordinatorProcess.StartWorker(directory, address, "beside");
        await using RelayProcess relay = await RelayProcess.StartAsync(directory, address, "relay");
        await using ProgramProcess behind = CoordinatorProcess.StartWorker(directory, relay.Address, "behind");
        await coordinator.UntilAsync(Stands(2));

        ProgramProcess.Signal(relay.Program.Id, "TERM");
        Assert.Equal(0, await relay.Program.ExitAsync());
        await coordinator.Program.LineAsync(@"^worker relay lost at .*\(it left\)$");
        await behind.LineAsync("^waiting for the coordinator at ");
        await coordinator.GoOnAsync();

        await EndlessRun.StoppedAsync(coordinator, directory);
    }

    [Fact]
    public async Task Resume_CoordinatorOfARelayKilled_AllComeBackSameEnd()
    {
        int port = UnassignedPort.Find();
        string remote = $"--workers 0 --min-workers 1 --listen 127.0.0.1:{port}";
        await using CoordinatorProcess first = CoordinatorProcess.Start(directory, EndlessRun.Options + "--checkpoint-every 100 " + remote);
        await using RelayProcess relay = await RelayProcess.StartAsync(directory, $"http://127.0.0.1:{port}", "relay");
        await using ProgramProcess behind = CoordinatorProcess.StartWorker(directory, relay.Address, "behind");
        await first.UntilAsync(Stands(2));
        await first.ReachStepAsync(250);
        first.Program.Kill();
        await first.Program.ExitAsync();
        await behind.LineAsync("^waiting for the coordinator at ");

        await using CoordinatorProcess resumed = CoordinatorProcess.Resume(directory, remote);
        await resumed.UntilAsync(Stands(2));
        await resumed.GoOnAsync();

        await EndlessRun.StoppedAsync(resumed, directory);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task Train_RelayOpenToOtherMachines_TakesTlsAndTheToken()
    {
        string keys = await Keys.MakeAsync(directory, "keys", "127.0.0.1");
        string others = await Keys.MakeAsync(directory, "others", "127.0.0.1");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, EndlessRun.Options + $"--workers 0 --listen 0.0.0.0:0 {Keys.CoordinatorOptions(keys)}");
        string port = (await coordinator.Program.LineAsync(@"more may join at https://[^:]+:(\d+)")).Groups[1].Value;
        await using ProgramProcess relay = CoordinatorProcess.StartWorker(
            directory, $"https://127.0.0.1:{port}", "relay",
            [
                .. Keys.WorkerOptions(keys), "--relay", "0.0.0.0:0",
                "--relay-cert-file", Path.Combine(keys, "server.pem"), "--relay-key-file", Path.Combine(keys, "server.key"),
            ]);
        string address = (await relay.LineAsync(@"^relay: workers may join at (https://127\.0\.0\.1:\d+)/$")).Groups[1].Value;

        await using ProgramProcess stranger = CoordinatorProcess.StartWorker(directory, address, "stranger", Keys.WorkerOptions(keys, others));
        Assert.Equal(2, await stranger.ExitAsync());
        await relay.LineAsync("WARNING: a call from .+ was refused: it showed another token$");
        await using ProgramProcess behind = CoordinatorProcess.StartWorker(directory, address, "behind", Keys.WorkerOptions(keys));
        await relay.LineAsync("^relay: worker behind joined$");
        await relay.LineAsync("^relay: worker relay joined$");

        await coordinator.Program.LineAsync("^Epoch 1: ");
        ProgramProcess.Signal(coordinator.Program.Id, "TERM");
        await coordinator.Program.ExitAsync();
        await EndlessRun.ExpectWholeAsync(coordinator.Verdict(), directory);
    }

    private static JoinRequest ManyThreads(string name)
    {
        JoinRequest request = PlainWorker.Request(name);
        request.Threads = JoinCheck.ThreadsAtMost;
        return request;
    }

    /// <summary>One worker, which stands for so many threads.</summary>
    private static Func<RunStatus, bool> Stands(uint threads) =>
        status => status.Workers.Any(worker => worker.Activity != "lost" && worker.Threads == threads);
}
