using System.Text.RegularExpressions;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using k8s.Models;

namespace Backprop.Deploy.Tests.Kubernetes;

/// <summary>The secrets that pods mount are those that docs/kubernetes.md makes, out of what <c>certificates</c> writes.</summary>
public sealed class SecretTests
{
    public static TheoryData<string> Renderable => Manifests.Renderable;

    private static string Page { get; } = File.ReadAllText(Path.Combine(Checkout.Root, "docs", "kubernetes.md"));

    [Theory]
    [MemberData(nameof(Renderable))]
    public async Task Secrets_ThatPodsMount_AreThoseOfThePage(string directory)
    {
        Manifests manifests = await Manifests.RenderAsync(directory);
        Assert.All(manifests.Pods, pod =>
        {
            V1SecretVolumeSource mounted = Assert.Single(pod.Spec.Volumes, volume => volume.Secret is not null).Secret;
            string[] files = [.. FilesOf(mounted.SecretName)];
            IEnumerable<string> told = [.. pod.Container.Args, .. pod.Container.LivenessProbe?.Exec.Command ?? []];
            string mount = pod.Container.VolumeMounts.Single(mount => mount.Name == "keys").MountPath;
            Assert.Equal(
                told.Select(argument => argument.Split('=', 2)[^1]).Where(value => value.StartsWith(mount + "/", StringComparison.Ordinal)).Select(Path.GetFileName).Distinct().Order(StringComparer.Ordinal),
                files.Order(StringComparer.Ordinal));

            // The pod's group reads them, and nobody else.
            Assert.Equal(Convert.ToInt32("440", 8), mounted.DefaultMode);
        });
        Assert.DoesNotContain(FilesOf("worker-keys"), file => file.EndsWith(".key", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Certificates_AsThePageMakesThem_AreOfTheNamesThatAreCalled()
    {
        using var directory = new TemporaryDirectory();
        string[] words = Regex.Match(Page, @"^ +dotnet run --project src/Coordinator -c Release -- (certificates keys .+)$", RegexOptions.Multiline).Groups[1].Value.Split(' ');
        await Command.SucceedAsync(Installation.Coordinator, words, directory.Path);

        string[] made = [.. Directory.GetFiles(Path.Combine(directory.Path, "keys")).Select(file => Path.GetFileName(file)!)];
        Assert.Subset(made.ToHashSet(), FilesOf("coordinator-keys").Concat(FilesOf("worker-keys")).ToHashSet());
        Manifests manifests = await Manifests.RenderAsync("base");
        string worker = manifests.Worker.Container.Args.Single(argument => argument.StartsWith("--coordinator=", StringComparison.Ordinal));
        string probe = manifests.Coordinator.Container.LivenessProbe.Exec.Command[2];
        Assert.Equal(new[] { new Uri(worker.Split('=')[1]).Host, new Uri(probe).Host }, words.Skip(2));
    }

    /// <summary>The files of a secret as the page makes it.</summary>
    private static IEnumerable<string> FilesOf(string secret)
    {
        Match command = Regex.Match(Page, $@"kubectl -n backprop create secret generic {secret}((?:\s+\\?\s*--from-file=keys/\S+)+)");
        Assert.True(command.Success, $"docs/kubernetes.md does not make the secret {secret}.");
        return Regex.Matches(command.Groups[1].Value, @"--from-file=keys/(\S+)").Select(file => file.Groups[1].Value);
    }
}
