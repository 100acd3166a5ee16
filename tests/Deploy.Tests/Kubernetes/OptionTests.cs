using System.Text.RegularExpressions;

namespace Backprop.Deploy.Tests.Kubernetes;

/// <summary>What the manifests tell the programs, the programs know, and what it names is there.</summary>
public sealed class OptionTests
{
    public static TheoryData<string> Renderable => Manifests.Renderable;

    [Theory]
    [MemberData(nameof(Renderable))]
    public async Task Arguments_OfBothPrograms_AreTheirOptions(string directory)
    {
        Manifests manifests = await Manifests.RenderAsync(directory);
        IReadOnlySet<string> train = await OptionsOfAsync(Installation.Coordinator, "train", "--help");

        Assert.Equal("train", manifests.Coordinator.Container.Args[0]);
        Assert.All(manifests.Coordinator.Container.Args.Skip(1), argument => Assert.Contains(NameOf(argument), train));
        Assert.All(manifests.Training.Keys, variable => Assert.Contains(OptionOf(variable), train));
        Assert.Contains("--or-resume", manifests.Coordinator.Container.Args);
        IReadOnlySet<string> worker = await OptionsOfAsync(Installation.Worker, "--help");
        Assert.All(manifests.Worker.Container.Args, argument => Assert.Contains(NameOf(argument), worker));

        // Containers have no shell that would take a command apart; the programs are the images' entry points.
        Assert.All(manifests.Pods, pod => Assert.True(pod.Container.Command is null or { Count: 0 }));
    }

    [Theory]
    [MemberData(nameof(Renderable))]
    public async Task Probes_OfTheCoordinator_AskItsHealthOverTlsWithTheToken(string directory)
    {
        Manifests manifests = await Manifests.RenderAsync(directory);
        k8s.Models.V1Container container = manifests.Coordinator.Container;
        IReadOnlySet<string> health = await OptionsOfAsync(Installation.Coordinator, "health", "--help");

        Assert.All([container.StartupProbe, container.ReadinessProbe, container.LivenessProbe], probe =>
        {
            Assert.Equal(["/app/Backprop.Coordinator", "health", $"https://localhost:{container.Ports[0].ContainerPort}"], probe.Exec.Command.Take(3));
            Assert.Equal(["--ca-file", "--token-file"], probe.Exec.Command.Skip(3).Select(NameOf));
            Assert.All(probe.Exec.Command.Skip(3), argument => Assert.Contains(NameOf(argument), health));

            // Longer than the program itself waits for an answer.
            Assert.True(probe.TimeoutSeconds > 10);
        });
        Assert.True(manifests.Worker.Container is { StartupProbe: null, ReadinessProbe: null, LivenessProbe: null });
    }

    [Theory]
    [MemberData(nameof(Renderable))]
    public async Task Paths_ThatProgramsAreTold_AreInVolumes(string directory)
    {
        Manifests manifests = await Manifests.RenderAsync(directory);
        Assert.All(manifests.Pods, pod =>
        {
            IEnumerable<string> told = [.. pod.Container.Args, .. pod.Container.LivenessProbe?.Exec.Command.Skip(1) ?? []];
            string[] paths = [.. told.Select(ValueOf).Where(value => value.StartsWith('/'))];
            Assert.NotEmpty(paths);
            Assert.All(paths.Where(path => !path.StartsWith("/data/", StringComparison.Ordinal)), path => Assert.NotNull(pod.VolumeOf(path)));
            Assert.All(paths.Where(path => pod.VolumeOf(path)?.Secret is null), path => Assert.False(Path.HasExtension(path), path));
            Assert.NotNull(pod.VolumeOf("/tmp")?.EmptyDir);
        });
    }

    private static async Task<IReadOnlySet<string>> OptionsOfAsync(string program, params string[] help)
    {
        string text = await Command.SucceedAsync(program, help);
        return Regex.Matches(text, @"^\s+(?:-\S, )*(--[a-z0-9-]+)", RegexOptions.Multiline).Select(match => match.Groups[1].Value).ToHashSet();
    }

    private static string NameOf(string argument) => argument.Split('=')[0];

    private static string ValueOf(string argument) => argument.Split('=', 2)[^1];

    private static string OptionOf(string variable)
    {
        Assert.StartsWith("BACKPROP_", variable, StringComparison.Ordinal);
        return "--" + variable["BACKPROP_".Length..].ToLowerInvariant().Replace('_', '-');
    }
}
