using System.Xml.Linq;
using Backprop.Cluster.Tests.Processes;
using k8s;

namespace Backprop.Deploy.Tests.Kubernetes;

/// <summary>Base and overlays render, and every field is one of the Kubernetes API.</summary>
public sealed class RenderingTests
{
    public static TheoryData<string> Renderable => Manifests.Renderable;

    [Fact]
    public void Renderable_Directories_AreBaseAndOverlays() =>
        Assert.Superset(new HashSet<string> { "base", "overlays/large", "overlays/local" }, Manifests.Renderable.Select(row => row.Data).ToHashSet());

    [Theory]
    [MemberData(nameof(Renderable))]
    public async Task Render_ObjectsByKind_AreWhatTheyShouldBe(string directory)
    {
        Manifests manifests = await Manifests.RenderAsync(directory);

        Assert.Equal(
            [
                "ConfigMap training", "Deployment worker", "NetworkPolicy coordinator", "NetworkPolicy default-deny", "NetworkPolicy worker",
                "PodDisruptionBudget worker", "Service coordinator", "StatefulSet coordinator",
            ],
            manifests.Objects.Select(item => $"{((IKubernetesObject)item).Kind} {WithoutHash(item.Metadata.Name)}").Order(StringComparer.Ordinal));
        Assert.All(manifests.Objects, item => Assert.Equal("backprop", item.Metadata.NamespaceProperty));
        Assert.All(manifests.Objects, item => Assert.Equal("backprop", item.Metadata.Labels["app.kubernetes.io/name"]));
    }

    [Theory]
    [MemberData(nameof(Renderable))]
    public async Task Images_OfBothPrograms_AreOfThisVersion(string directory)
    {
        Manifests manifests = await Manifests.RenderAsync(directory);
        string version = XDocument.Load(Path.Combine(Checkout.Root, "Directory.Build.props")).Descendants("Version").Single().Value;

        Assert.Equal($"backprop/coordinator:{version}", manifests.Coordinator.Container.Image);
        Assert.Equal($"backprop/worker:{version}", manifests.Worker.Container.Image);
    }

    [Theory]
    [InlineData("  replicas: 1\n", "  replicsa: 1\n")]
    [InlineData("runAsNonRoot: true", "runAsNonRoot: perhaps")]
    [InlineData("kind: StatefulSet", "kind: StatfulSet")]
    public void Parse_FieldOrKindOrValueThatIsNone_IsRefused(string right, string wrong)
    {
        string text = File.ReadAllText(Path.Combine(Manifests.Directory, "base", "coordinator.yaml"));
        Assert.Contains(right, text, StringComparison.Ordinal);
        _ = Manifests.Parse(text);
        Assert.ThrowsAny<Exception>(() => Manifests.Parse(text.Replace(right, wrong, StringComparison.Ordinal)).StatefulSet);
    }

    private static string WithoutHash(string name) => name.StartsWith("training-", StringComparison.Ordinal) ? "training" : name;
}
