using k8s.Models;

namespace Backprop.Deploy.Tests.Kubernetes;

/// <summary>Who reaches whom: workers the coordinator, and nobody else anybody.</summary>
public sealed class NetworkTests
{
    public static TheoryData<string> Renderable => Manifests.Renderable;

    [Theory]
    [MemberData(nameof(Renderable))]
    public async Task Service_Coordinator_IsWhatWorkersCall(string directory)
    {
        Manifests manifests = await Manifests.RenderAsync(directory);
        V1Service service = Assert.Single(manifests.All<V1Service>());

        Assert.True(manifests.Coordinator.IsSelected(service.Spec.Selector));
        Assert.False(manifests.Worker.IsSelected(service.Spec.Selector));
        Assert.Equal(manifests.StatefulSet.Spec.ServiceName, service.Metadata.Name);
        V1ServicePort port = Assert.Single(service.Spec.Ports);
        V1ContainerPort open = Assert.Single(manifests.Coordinator.Container.Ports);
        Assert.Equal(open.Name, port.TargetPort.Value);
        Assert.Contains($"--listen=0.0.0.0:{open.ContainerPort}", manifests.Coordinator.Container.Args);
        Assert.Contains($"--coordinator=https://{service.Metadata.Name}:{port.Port}", manifests.Worker.Container.Args);
    }

    [Theory]
    [MemberData(nameof(Renderable))]
    public async Task Policies_OfAllPods_LetWorkersReachTheCoordinatorAndNames(string directory)
    {
        Manifests manifests = await Manifests.RenderAsync(directory);
        (Pod coordinator, Pod worker) = (manifests.Coordinator, manifests.Worker);

        Assert.Equal(["default-deny", "coordinator"], SelectingBy(manifests, coordinator, "Ingress"));
        Assert.Equal(["default-deny"], SelectingBy(manifests, coordinator, "Egress"));
        Assert.Equal(["default-deny"], SelectingBy(manifests, worker, "Ingress"));
        Assert.Equal(["default-deny", "worker"], SelectingBy(manifests, worker, "Egress"));
        Assert.Equal(["default-deny"], SelectingBy(manifests, Assert.Single(Manifests.Read("volume.yaml").Pods), "Ingress"));

        V1NetworkPolicySpec denied = Policy(manifests, "default-deny");
        Assert.True(denied is { Ingress: null or { Count: 0 }, Egress: null or { Count: 0 } });

        V1NetworkPolicyIngressRule into = Assert.Single(Policy(manifests, "coordinator").Ingress);
        V1NetworkPolicyPeer from = Assert.Single(into.FromProperty);
        Assert.True(from is { IpBlock: null, NamespaceSelector: null } && worker.IsSelected(from.PodSelector) && !coordinator.IsSelected(from.PodSelector));
        string open = $"TCP {Assert.Single(coordinator.Container.Ports).ContainerPort}";
        Assert.Equal([open], into.Ports.Select(PortOf));

        IList<V1NetworkPolicyEgressRule> outOf = Policy(manifests, "worker").Egress;
        Assert.Equal(2, outOf.Count);
        V1NetworkPolicyPeer to = Assert.Single(outOf[0].To);
        Assert.True(to is { IpBlock: null, NamespaceSelector: null } && coordinator.IsSelected(to.PodSelector) && !worker.IsSelected(to.PodSelector));
        Assert.Equal([open], outOf[0].Ports.Select(PortOf));
        V1NetworkPolicyPeer names = Assert.Single(outOf[1].To);
        Assert.Equal("kube-system", names.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"]);
        Assert.Equal("kube-dns", names.PodSelector.MatchLabels["k8s-app"]);
        Assert.Equal(["UDP 53", "TCP 53"], outOf[1].Ports.Select(PortOf));
    }

    private static IEnumerable<string> SelectingBy(Manifests manifests, Pod pod, string direction) => manifests.All<V1NetworkPolicy>()
        .Where(policy => policy.Spec.PolicyTypes.Contains(direction) && pod.IsSelected(policy.Spec.PodSelector))
        .Select(policy => policy.Metadata.Name).OrderByDescending(name => name == "default-deny");

    private static V1NetworkPolicySpec Policy(Manifests manifests, string name) =>
        manifests.All<V1NetworkPolicy>().Single(policy => policy.Metadata.Name == name).Spec;

    private static string PortOf(V1NetworkPolicyPort port) => $"{port.Protocol} {port.Port.Value}";
}
