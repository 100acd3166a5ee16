using System.Globalization;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Deploy.Tests.Kubernetes;

/// <summary>
/// Pods as processes of this machine: what a manifest tells a program, with this machine's paths for its volumes and its address
/// for the coordinator's name.
/// </summary>
internal sealed class PlayedPods(Manifests manifests, TemporaryDirectory directory, string keys, int port)
{
    private int started;

    /// <summary>What to train, as the coordinator gets it.</summary>
    public required IReadOnlyDictionary<string, string> Training { get; init; }

    public string RunDirectory => Here(Training["BACKPROP_RUN_DIR"]);

    public ProgramProcess StartCoordinator() =>
        ProgramProcess.Start("Coordinator", directory.Path, Arguments(manifests.Coordinator.Container.Args), Variables());

    /// <summary>Starts one more of the Deployment.</summary>
    public ProgramProcess StartWorker()
    {
        // What the runtime makes of the limit in a container: its threads.
        int cores = (int)Math.Ceiling(manifests.Worker.Container.Resources.Limits["cpu"].ToDecimal());
        return ProgramProcess.Start(
            "Worker", directory.Path, Arguments(manifests.Worker.Container.Args, cache: $"cache-{started++}"),
            new Dictionary<string, string> { ["DOTNET_PROCESSOR_COUNT"] = cores.ToString(CultureInfo.InvariantCulture) });
    }

    /// <summary>What the kubelet does to learn of the coordinator's health.</summary>
    public Task<Command> ProbeAsync() =>
        Command.RunAsync(Installation.Coordinator, Arguments([.. manifests.Coordinator.Container.LivenessProbe.Exec.Command.Skip(1)]), directory.Path);

    /// <summary>The same training without any pod.</summary>
    public async Task TrainInOneProcessAsync(string runDirectory) => await Command.SucceedAsync(
        Installation.Coordinator, ["train", "--in-process", "--dashboard", "off", "--run-dir", runDirectory], directory.Path,
        Training.Where(option => option.Key != "BACKPROP_RUN_DIR").ToDictionary());

    private Dictionary<string, string> Variables() => Training.ToDictionary(option => option.Key, option => Here(option.Value));

    private string[] Arguments(IEnumerable<string> arguments, string cache = "") => [.. arguments.Select(argument => Here(argument, cache))];

    private string Here(string text, string cache = "") => text
        .Replace("/data/", Path.Combine(directory.Path, "data") + "/", StringComparison.Ordinal)
        .Replace("/keys/", keys + "/", StringComparison.Ordinal)
        .Replace("=/cache", "=" + Path.Combine(directory.Path, cache), StringComparison.Ordinal)
        .Replace("0.0.0.0:5000", $"127.0.0.1:{port}", StringComparison.Ordinal)
        .Replace("https://coordinator:5000", $"https://localhost:{port}", StringComparison.Ordinal)
        .Replace("https://localhost:5000", $"https://localhost:{port}", StringComparison.Ordinal)
        .Replace("127.0.0.1:5080", "127.0.0.1:0", StringComparison.Ordinal);
}
