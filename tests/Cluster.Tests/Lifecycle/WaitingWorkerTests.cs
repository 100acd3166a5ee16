using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Weights;

namespace Backprop.Cluster.Tests.Lifecycle;

/// <summary>What a worker says while it looks for its coordinator.</summary>
public sealed class WaitingWorkerTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Worker_LosesACoordinatorThatItHadWaitedFor_SaysThatItWaitsAgain()
    {
        int port = UnassignedPort.Find();
        await using ProgramProcess worker = CoordinatorProcess.StartWorker(directory, $"http://127.0.0.1:{port}", "worker");
        await worker.LineAsync("^waiting for the coordinator at ");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, EndlessRun.Options + $"--workers 0 --listen 127.0.0.1:{port}");
        await worker.LineAsync("^joined run ");

        coordinator.Program.Kill();

        await worker.LineAsync("^waiting for the coordinator at ", times: 2);
    }
}
