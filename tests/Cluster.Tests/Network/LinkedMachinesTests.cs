using Backprop.Cluster.Tests.Access;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Weights;

namespace Backprop.Cluster.Tests.Network;

/// <summary>A coordinator and its workers on machines of their own, as far as a network goes, over TLS and links that fail.</summary>
public sealed class LinkedMachinesTests : IDisposable
{
    private const int Near = 1;
    private const int Far = 2;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Train_OneLinkNarrowedAndOneCut_WorkerComesBackSameWeights()
    {
        await using LinkedMachines network = await LinkedMachines.StartAsync(workers: 2);
        string keys = await Keys.MakeAsync(
            directory, "keys", LinkedMachines.CoordinatorAddress(Near), LinkedMachines.CoordinatorAddress(Far));
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, EndlessRun.Options + "--workers 0 --listen 0.0.0.0:0 " + Keys.CoordinatorOptions(keys), within: network.On(0));
        string port = (await coordinator.Program.LineAsync(@"more may join at https://[^:]+:(\d+)")).Groups[1].Value;
        await using ProgramProcess far = Join(network, Far, port, keys, "far");
        await coordinator.Program.LineAsync("^Epoch 0: ");
        await using ProgramProcess near = Join(network, Near, port, keys, "near");
        await coordinator.Program.LineAsync("^worker near joined at ");

        await network.NarrowAsync(Far, "5mbit");
        await network.CutAsync(Near);
        await coordinator.Program.LineAsync(@"^worker near lost at .+ \(silent for \S+ s\)$");
        await near.LineAsync(@"^waiting for the coordinator at https://\S+ \(The coordinator was silent for 8 s\.\)$");
        int epochs = EpochsOf(coordinator);
        await network.MendAsync(Near);
        await coordinator.Program.LineAsync("^worker near joined at ", times: 2);
        await coordinator.Program.LineAsync($"^Epoch {epochs + 1}: ");
        ProgramProcess.Signal(coordinator.Program.Id, "TERM");

        Assert.Equal(143, await coordinator.Program.ExitAsync());
        RunVerdict verdict = coordinator.Verdict();
        await EndlessRun.ExpectWholeAsync(verdict, directory);
        Assert.Equal((3, 1), (verdict.Joined, verdict.Lost));
    }

    private static int EpochsOf(CoordinatorProcess coordinator) => coordinator.Program.Errors.Split('\n')
        .Count(line => line.StartsWith("Epoch ", StringComparison.Ordinal));

    private ProgramProcess Join(LinkedMachines network, int machine, string port, string keys, string name) =>
        CoordinatorProcess.StartWorker(
            directory, network.On(machine), $"https://{LinkedMachines.CoordinatorAddress(machine)}:{port}", name,
            Keys.WorkerOptions(keys));
}
