using k8s.Models;

namespace Backprop.Deploy.Tests.Kubernetes;

/// <summary>The rules of the Pod Security Standard "restricted", and a read-only root file system beside them.</summary>
public sealed class PodSecurityTests
{
    /// <summary>The user of .NET's container images.</summary>
    private const long AppUser = 1654;

    public static TheoryData<string> Renderable => Manifests.Renderable;

    [Fact]
    public void Namespace_Applied_EnforcesRestricted()
    {
        V1Namespace made = Assert.Single(Manifests.Read("namespace.yaml").All<V1Namespace>());
        Assert.Equal("backprop", made.Metadata.Name);
        Assert.Equal("restricted", made.Metadata.Labels["pod-security.kubernetes.io/enforce"]);
    }

    [Theory]
    [MemberData(nameof(Renderable))]
    public async Task Pods_Rendered_AreRestricted(string directory)
    {
        IReadOnlyList<Pod> pods = (await Manifests.RenderAsync(directory)).Pods;
        Assert.Equal(["coordinator", "worker"], pods.Select(pod => pod.Name));
        Assert.All(pods, ExpectRestricted);
    }

    [Fact]
    public void Pod_OfTheVolume_IsRestricted() => ExpectRestricted(Assert.Single(Manifests.Read("volume.yaml").Pods));

    private static void ExpectRestricted(Pod pod)
    {
        V1PodSpec spec = pod.Spec;
        Assert.False(spec.AutomountServiceAccountToken);
        Assert.False(spec.EnableServiceLinks);
        Assert.True(spec.HostNetwork is null or false && spec.HostPID is null or false && spec.HostIPC is null or false);
        Assert.True(spec.SecurityContext.RunAsNonRoot);
        Assert.Equal((AppUser, AppUser, AppUser), (spec.SecurityContext.RunAsUser, spec.SecurityContext.RunAsGroup, spec.SecurityContext.FsGroup));
        Assert.Equal("RuntimeDefault", spec.SecurityContext.SeccompProfile.Type);
        Assert.All(spec.Volumes, volume => Assert.True(volume.Secret is not null || volume.EmptyDir is not null || volume.PersistentVolumeClaim is not null, volume.Name));
        Assert.All(spec.Volumes, volume => Assert.True(volume.EmptyDir is null || volume.EmptyDir.SizeLimit is not null, volume.Name));
        Assert.All([.. spec.Containers, .. spec.InitContainers ?? []], container =>
        {
            V1SecurityContext context = container.SecurityContext;
            Assert.False(context.AllowPrivilegeEscalation);
            Assert.True(context.ReadOnlyRootFilesystem);
            Assert.True(context.Privileged is null or false);
            Assert.True(context.RunAsNonRoot is null or true && context.RunAsUser is null or AppUser);
            Assert.Equal(["ALL"], context.Capabilities.Drop);
            Assert.True(context.Capabilities.Add is null or { Count: 0 });
            Assert.All(container.Ports ?? [], port => Assert.Null(port.HostPort));
        });
    }
}
