using System.Text.Json;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Deploy.Tests.Kubernetes;

/// <summary>
/// What Kubernetes does to the pods of the base in a run's life, done to real processes with the manifests' own words, over
/// TLS and with the token. The oracle is the same training in one process.
/// </summary>
public sealed class PlayTests : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly List<ProgramProcess> started = [];

    public async ValueTask DisposeAsync()
    {
        foreach (ProgramProcess process in started)
            await process.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Play_ScaleUpScaleDownRollingRestartCoordinatorRestart_SameWeights()
    {
        PlayedPods pods = await PodsAsync();
        ProgramProcess coordinator = Started(pods.StartCoordinator());
        ProgramProcess first = Started(pods.StartWorker());
        await coordinator.LineAsync($@"^worker \S+-{first.Id} joined|^Epoch 0: ");
        await ProbeAsync(pods, serves: true);

        // kubectl scale deployment/worker --replicas=3
        ProgramProcess[] workers = [first, await JoinedAsync(pods, coordinator), await JoinedAsync(pods, coordinator)];

        // kubectl scale deployment/worker --replicas=2
        await LeavesAsync(workers[2], coordinator);

        // kubectl rollout restart deployment/worker: one more, then one less, for each.
        for (int i = 0; i < 2; i++)
        {
            ProgramProcess next = await JoinedAsync(pods, coordinator);
            await LeavesAsync(workers[i], coordinator);
            workers[i] = next;
        }

        // kubectl rollout restart statefulset/coordinator
        ProgramProcess.Signal(coordinator.Id, "TERM");
        Assert.Equal(143, await coordinator.ExitAsync());
        await ProbeAsync(pods, serves: false);
        coordinator = Started(pods.StartCoordinator());
        await coordinator.LineAsync("^going on from step [1-9]");
        await workers[0].LineAsync("^joined run ", times: 2);
        await workers[1].LineAsync("^joined run ", times: 2);

        Assert.Equal(0, await coordinator.ExitAsync());
        Assert.Equal((0, 0), (await workers[0].ExitAsync(), await workers[1].ExitAsync()));
        JsonElement verdict = Verdict.Of(pods.RunDirectory);
        Assert.Equal(("completed", 2), (verdict.GetProperty("status").GetString(), verdict.GetProperty("workers").GetProperty("joined").GetInt32()));
        string whole = Path.Combine(directory.Path, "whole");
        await pods.TrainInOneProcessAsync(whole);
        Assert.Equal(Verdict.Of(whole).GetProperty("weights_sha256").GetString(), verdict.GetProperty("weights_sha256").GetString());

        // Kubernetes starts again what has ended: nothing changes.
        ProgramProcess again = Started(pods.StartCoordinator());
        Assert.Equal(0, await again.ExitAsync());
        await again.LineAsync("^the run is complete: nothing is left to train");
        Assert.Equal(verdict.GetRawText(), Verdict.Of(pods.RunDirectory).GetRawText());
    }

    private async Task<PlayedPods> PodsAsync()
    {
        Manifests manifests = await Manifests.RenderAsync("base");
        await Command.SucceedAsync(Installation.Coordinator, ["certificates", "keys", "coordinator", "localhost"], directory.Path);
        return new PlayedPods(manifests, directory, Path.Combine(directory.Path, "keys"), UnassignedPort.Find())
        {
            // Long enough for all that is done to it; large mini-batches, so that it is few messages.
            Training = new Dictionary<string, string>(manifests.Training) { ["BACKPROP_EPOCHS"] = "1200", ["BACKPROP_MINI_BATCH"] = "100" },
        };
    }

    private async Task<ProgramProcess> JoinedAsync(PlayedPods pods, ProgramProcess coordinator)
    {
        ProgramProcess worker = Started(pods.StartWorker());
        await coordinator.LineAsync($@"^worker \S+-{worker.Id} joined at ");
        return worker;
    }

    /// <summary>SIGTERM, as a pod that is to go gets it: it goes in order, and the run goes on.</summary>
    private static async Task LeavesAsync(ProgramProcess worker, ProgramProcess coordinator)
    {
        ProgramProcess.Signal(worker.Id, "TERM");
        Assert.Equal(0, await worker.ExitAsync());
        await coordinator.LineAsync($@"^worker \S+-{worker.Id} lost at .*\(it left\)");
    }

    private static async Task ProbeAsync(PlayedPods pods, bool serves)
    {
        Command probe = await pods.ProbeAsync();
        Assert.Equal(serves ? (0, "serving") : (1, ""), (probe.ExitCode, probe.Output.Trim()));
    }

    private ProgramProcess Started(ProgramProcess process)
    {
        started.Add(process);
        return process;
    }
}
