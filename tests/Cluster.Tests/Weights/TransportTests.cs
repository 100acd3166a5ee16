using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Protos.SharedMemory;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>How tensors travel between two programs on one machine; the weights do not depend on it.</summary>
public sealed class TransportTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Train_WorkerOnThisMachine_TensorsGoThroughSharedMemorySameWeights()
    {
        await using HeldRun run = await HeldRun.StartAsync(directory);
        await using ProgramProcess worker = CoordinatorProcess.StartWorker(directory, run.Address, "shared");
        await run.TakeInAsync("shared");
        await worker.LineAsync("^joined run .*, tensors by shared memory");

        string[] open = SharedFilesOf(worker.Id);
        Assert.Equal(2, open.Length);
        Assert.Equal(2, SharedFilesOf(run.Coordinator.Program.Id).Length);

        // The names are gone since both have the files, so that nothing stays behind however they end.
        Assert.Equal([], Directory.GetFiles(SharedDirectory.Location, $"backprop-{run.Coordinator.Program.Id}-*"));

        // What the coordinator wrote, weights in two of three places by now, and what the worker did: sums in one of the slots.
        foreach (string path in open)
        {
            byte[] bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
            Assert.Contains(bytes[SharedModels.KeyLength..], written => written != 0);
        }

        run.Open(HeldRun.LastStep);

        RunVerdict verdict = await run.CompletedAsync();
        Assert.Equal((2, 0), (verdict.Joined, verdict.Lost));
        Assert.Equal(0, await worker.ExitAsync());
    }

    [Fact]
    public async Task Train_TransportGrpc_NothingIsSharedSameWeights()
    {
        await using HeldRun run = await HeldRun.StartAsync(directory);
        await using ProgramProcess worker = CoordinatorProcess.StartWorker(directory, run.Address, "apart", "--transport", "grpc");
        await run.TakeInAsync("apart");
        await worker.LineAsync("^joined run .*, tensors over gRPC, as --transport says");

        Assert.Empty(SharedFilesOf(worker.Id));
        Assert.Empty(SharedFilesOf(run.Coordinator.Program.Id));
        run.Open(HeldRun.LastStep);

        RunVerdict verdict = await run.CompletedAsync();
        Assert.Equal((2, 0), (verdict.Joined, verdict.Lost));
        Assert.Equal(0, await worker.ExitAsync());
    }

    [Fact]
    public async Task Train_WorkerSeesOtherMemory_CoordinatorSaysWhyNothingIsSharedSameWeights()
    {
        await using HeldRun run = await HeldRun.StartAsync(directory);
        await using ProgramProcess worker = CoordinatorProcess.StartWorker(directory, WithMemory(""), run.Address, "apart");
        await run.TakeInAsync("apart");
        await run.Coordinator.Program.LineAsync($"apart: tensors go over gRPC: it cannot open the shared memory in {SharedDirectory.Location}$");
        run.Open(HeldRun.LastStep);

        RunVerdict verdict = await run.CompletedAsync();
        Assert.Equal((2, 0), (verdict.Joined, verdict.Lost));
    }

    [Fact]
    public async Task Train_NoRoomForSharedMemory_CoordinatorSaysSoForEachWorkerSameWeights()
    {
        RunVerdict expected = await CoordinatorProcess.CompleteAsync(directory, "--epochs 1 --in-process", "alone");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 2", within: WithMemory("-o size=4k"));

        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(expected.WeightsSha256, verdict.WeightsSha256);
        foreach (string worker in (ReadOnlySpan<string>)["w1", "w2"])
            Assert.Contains($"{worker}: tensors go over gRPC: there is no room for shared memory in {SharedDirectory.Location}", coordinator.Program.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_WithWorkers_SaysWhereTheTimeOfStepsWent()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 2");
        await coordinator.CompletedAsync();
        await coordinator.Program.LineAsync("^a step took [0-9.]+ ms: [0-9]+ % computing, [0-9]+ % adding and updating, [0-9]+ % messages and waiting; .+-?bound");
        string events = File.ReadAllText(Path.Combine(coordinator.RunDirectory, "events.jsonl"));
        Assert.Contains("\"event\":\"step_times\"", events, StringComparison.Ordinal);

        // Workers of the beginning are no news to people, and are told to machines.
        foreach (string worker in (ReadOnlySpan<string>)["w1", "w2"])
            Assert.Contains($"\"event\":\"worker_joined\",\"step\":0,\"worker\":\"{worker}\"", events, StringComparison.Ordinal);
    }

    /// <summary>Runs a program with a directory for shared memory of its own (Linux, as root or with user namespaces).</summary>
    private static string[] WithMemory(string options) =>
    [
        "unshare", .. Environment.IsPrivilegedProcess ? (string[])[] : ["--user", "--map-root-user"], "--mount",
        "sh", "-c", $"mount -t tmpfs {options} tmpfs {SharedDirectory.Location} && exec \"$@\"", "sh",
    ];

    /// <summary>Where the files of shared memory can be read that a process has open.</summary>
    private static string[] SharedFilesOf(int process) =>
    [
        .. ProcessTable.OpenFilesOf(process)
            .Where(file => file.Target.StartsWith(Path.Combine(SharedDirectory.Location, "backprop-"), StringComparison.Ordinal))
            .Select(file => file.Descriptor),
    ];
}
