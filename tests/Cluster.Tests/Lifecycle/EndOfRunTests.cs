using System.Net;
using System.Net.Sockets;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Protos;
using Grpc.Core;

namespace Backprop.Cluster.Tests.Lifecycle;

/// <summary>How a run ends when it does not end by itself, and what is left behind: no process, and what was computed.</summary>
public sealed class EndOfRunTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Coordinator_Killed_LocalWorkersEnd()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 100000 --workers 3");
        await coordinator.ReachStepAsync(20);
        IReadOnlyList<int> workers = ProcessTable.ChildrenOf(coordinator.Program.Id);
        Assert.Equal(3, workers.Count);

        coordinator.Program.Kill();

        await ProcessTable.WaitForEndAsync(workers);
    }

    [Theory]
    [InlineData("TERM", 143, "--workers 2")]
    [InlineData("INT", 130, "--workers 2")]
    [InlineData("TERM", 143, "--workers 0")]
    public async Task Coordinator_SignalledWhileTraining_SavesAndSaysSo(string signal, int exitCode, string workers)
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 100000 --checkpoint-every 1000000 " + workers);
        string address = (await coordinator.AddressAsync()).TrimEnd('/');
        await using ProgramProcess? byHand =
            workers == "--workers 0" ? CoordinatorProcess.StartWorker(directory, address, "hand") : null;
        await coordinator.ReachStepAsync(50);
        IReadOnlyList<int> local = ProcessTable.ChildrenOf(coordinator.Program.Id);

        ProgramProcess.Signal(coordinator.Program.Id, signal);

        Assert.Equal(exitCode, await coordinator.Program.ExitAsync());
        RunVerdict verdict = coordinator.Verdict();
        Assert.Equal("interrupted", verdict.Status);
        Assert.True(verdict.Steps >= 50, $"{verdict.Steps} steps");
        Assert.Equal(verdict.Steps * 10, verdict.Examples);
        Assert.Equal(
            $"step-{verdict.Steps:000000000}.safetensors", Path.GetFileName(Assert.Single(coordinator.Checkpoints())));
        Assert.DoesNotContain("   at ", coordinator.Program.Errors, StringComparison.Ordinal);
        await ProcessTable.WaitForEndAsync(local);

        // A worker started by hand outlives its coordinator, and waits for the next.
        if (byHand is not null)
            await byHand.LineAsync($"waiting for the coordinator at {address}");
    }

    [Fact]
    public async Task Worker_Terminated_EndsInOrderAndTheRunWaits()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 100000 --workers 0");
        string address = (await coordinator.AddressAsync()).TrimEnd('/');
        await using ProgramProcess leaving = CoordinatorProcess.StartWorker(directory, address, "leaving");
        await coordinator.ReachStepAsync(100);

        ProgramProcess.Signal(leaving.Id, "TERM");
        Assert.Equal(0, await leaving.ExitAsync());

        // It waits for 2 s for the coordinator to let it go, which a machine may be too slow for.
        await coordinator.Program.LineAsync(@"^worker leaving lost at .*\((it left|its connection broke)\)$");
        await using ProgramProcess next = CoordinatorProcess.StartWorker(directory, address, "next");
        await coordinator.Program.LineAsync("^worker next joined at ");
        await coordinator.GoOnAsync();

        RunVerdict verdict = await coordinator.StoppedAsync();
        Assert.Equal(await Reference.AfterAsync(directory, verdict.Steps), verdict.WeightsSha256);
        Assert.Equal((2, 1), (verdict.Joined, verdict.Lost));
    }

    [Fact]
    public async Task Worker_LeavesWithNodes_TheyAreHandedOn()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        string address = await coordinator.AddressAsync();
        await using PlainWorker leaving = await PlainWorker.JoinAsync(address, "leaving");
        await leaving.ReadyAsync();
        Assert.NotNull((await leaving.ReceiveAsync())!.Assignment);

        await leaving.SendAsync(new WorkerMessage { Leaving = new Leaving { Reason = "asked to stop" } });
        Assert.Equal(StatusCode.OK, (await leaving.EndAsync()).StatusCode);
        await coordinator.Program.LineAsync(@"^worker leaving lost at step 0; 1 node reassigned \(it left\)$");
        await using PlainWorker next = await PlainWorker.JoinAsync(address, "leaving");
        Assert.Equal("completed", (await next.TrainAsync()).Status);

        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((2, 1, 1), (verdict.Joined, verdict.Lost, verdict.NodesReassigned));
    }

    [Theory]
    [InlineData("--listen")]
    [InlineData("--dashboard")]
    public async Task Coordinator_PortTaken_NamesPortAndOption(string option)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        string address = listener.LocalEndpoint.ToString()!;
        string other = option == "--listen" ? "--dashboard off" : "--listen 127.0.0.1:0";

        ProgramResult result = await BuiltProgram.RunAsync(
            BuiltProgram.Coordinator, directory.Path,
            [.. $"{option} {address} {other} --workers 0 --json --run-dir run".Split(' ')]);

        Assert.Equal(2, result.ExitCode);
        string line = Assert.Single(result.ErrorLines);
        Assert.StartsWith($"{option} {address} ", line, StringComparison.Ordinal);
        Assert.Contains($"give {option} another address, port 0 for any free one", line.Replace(" or port", " port", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Empty(result.Output);
        Assert.False(Directory.Exists(Path.Combine(directory.Path, "run")));
    }

    [Fact]
    public async Task Coordinator_TooFewWorkersInTime_Fails()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, "--workers 0 --min-workers 3 --worker-timeout 1s");

        Assert.Equal(1, await coordinator.Program.ExitAsync());
        RunVerdict verdict = coordinator.Verdict();
        Assert.Equal("failed", verdict.Status);
        Assert.Contains("0 of 3 workers", verdict.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("--worker-timeout", verdict.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("waiting for workers 0/3", coordinator.Program.Errors, StringComparison.Ordinal);
    }
}
