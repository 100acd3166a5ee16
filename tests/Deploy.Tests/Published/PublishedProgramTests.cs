using System.Text.Json;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Deploy.Tests.Published;

/// <summary>The published programs, used where no .NET is found.</summary>
[Collection(PublishedPrograms.Collection)]
public sealed class PublishedProgramTests(PublishedPrograms published) : IDisposable
{
    private static readonly Dictionary<string, string> noDotnet = new() { ["DOTNET_ROOT"] = "/nonexistent", ["PATH"] = "/usr/bin:/bin" };

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Coordinator_WithItsWorkers_TrainsToTheWeightsOfTheBuild()
    {
        string[] options = ["--epochs", "3", "--dashboard", "off", "--json"];
        string run = Path.Combine(directory.Path, "run");
        Command trained = await Command.RunAsync(published.Coordinator, [.. options, "--listen", "127.0.0.1:0", "--run-dir", run], directory.Path, noDotnet);
        Assert.True(trained.ExitCode == 0, trained.Errors);
        Assert.Contains("workers joined 2, lost 0", trained.Errors, StringComparison.Ordinal);

        // It is called by its own name, and the next command that it tells works as it stands.
        string next = Assert.Single(trained.Errors.Split('\n'), line => line.StartsWith("next: ", StringComparison.Ordinal))["next: ".Length..];
        Assert.Equal($"{published.Coordinator} evaluate {run}", next);
        await Command.SucceedAsync("sh", ["-c", next], directory.Path, noDotnet);

        string built = await Command.SucceedAsync(Installation.Coordinator, [.. options, "--in-process", "--run-dir", Path.Combine(directory.Path, "built")]);
        Assert.Equal(WeightsOf(built), WeightsOf(trained.Output));
    }

    [Fact]
    public async Task Publish_Sizes_AreTold()
    {
        Assert.Matches(@"\| linux-x64 \| \d+ MB \| \d+ MB \|", published.Sizes);
        Assert.Matches(@"\| \.NET tool \| \| \d+ KB \|", published.Sizes);
        Assert.Equal(
            ["Backprop.Coordinator", "LICENSE", "libHarfBuzzSharp.so", "libSkiaSharp.so", "worker"],
            Directory.GetFileSystemEntries(Path.GetDirectoryName(published.Coordinator)!).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(["Backprop.Worker"], Directory.GetFileSystemEntries(Path.GetDirectoryName(published.Worker)!).Select(Path.GetFileName));
        await Command.SucceedAsync(published.Worker, ["--version"], directory.Path, noDotnet);
    }

    /// <summary>Another machine joins with two commands.</summary>
    [Fact]
    public async Task WorkerTool_InstalledFromItsPackage_JoinsARun()
    {
        await using ProgramProcess coordinator = ProgramProcess.Start(
            "Coordinator", directory.Path,
            ["--epochs", "1", "--workers", "0", "--dashboard", "off", "--listen", "127.0.0.1:0", "--run-dir", "run"]);
        string address = (await coordinator.LineAsync(@"more may join at (\S+)")).Groups[1].Value;

        string tools = Path.Combine(directory.Path, "tools");
        await Command.SucceedAsync("dotnet", ["tool", "install", "Backprop.Worker", "--tool-path", tools, "--source", published.Packages]);
        Command worker = await Command.RunAsync(Path.Combine(tools, "backprop-worker"), ["--coordinator", address, "--data-dir", directory.Path], directory.Path);

        Assert.True(worker.ExitCode == 0, worker.Errors);
        Assert.Contains("the run is over: completed", worker.Errors, StringComparison.Ordinal);
        Assert.Equal(0, await coordinator.ExitAsync());
    }

    private static string? WeightsOf(string summary)
    {
        using JsonDocument parsed = JsonDocument.Parse(summary);
        return parsed.RootElement.GetProperty("weights_sha256").GetString();
    }
}
