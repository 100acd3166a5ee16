using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>A coordinator that says nothing for longer than its workers wait: they let it go, and join again.</summary>
public sealed class FrozenCoordinatorTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("auto")]
    [InlineData("grpc")]
    public async Task Train_CoordinatorFrozenAndThawed_WorkersJoinAgainSameWeights(string transport)
    {
        await using CoordinatorProcess coordinator =
            CoordinatorProcess.Start(directory, EndlessRun.Options + "--workers 0 --min-workers 2");
        string address = (await coordinator.AddressAsync()).TrimEnd('/');
        await using ProgramProcess first = CoordinatorProcess.StartWorker(directory, address, "first", "--transport", transport);
        await using ProgramProcess second = CoordinatorProcess.StartWorker(directory, address, "second", "--transport", transport);
        await coordinator.ReachStepAsync(50);

        await coordinator.Program.FreezeAsync();
        string noticed = $@"^waiting for the coordinator at {address}/? \(The coordinator was silent for 8 s\.\)$";
        await first.LineAsync(noticed);
        await second.LineAsync(noticed);
        coordinator.Program.Thaw();
        await coordinator.Program.LineAsync("^worker first lost at ");
        await coordinator.Program.LineAsync("^worker second lost at ");
        await coordinator.Program.LineAsync("^worker first joined at ");
        await coordinator.Program.LineAsync("^worker second joined at ");
        await coordinator.GoOnAsync();

        RunVerdict verdict = await EndlessRun.StoppedAsync(coordinator, directory);
        Assert.Equal((4, 2), (verdict.Joined, verdict.Lost));
    }
}
