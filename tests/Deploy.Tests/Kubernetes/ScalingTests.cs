using k8s.Models;

namespace Backprop.Deploy.Tests.Kubernetes;

/// <summary>One coordinator with a volume, any number of workers; how they are replaced and what they ask for.</summary>
public sealed class ScalingTests
{
    public static TheoryData<string> Renderable => Manifests.Renderable;

    [Theory]
    [MemberData(nameof(Renderable))]
    public async Task StatefulSet_Coordinator_IsOneWithAVolume(string directory)
    {
        Manifests manifests = await Manifests.RenderAsync(directory);
        V1StatefulSetSpec spec = manifests.StatefulSet.Spec;

        Assert.Equal(1, spec.Replicas);
        Assert.Equal("Parallel", spec.PodManagementPolicy);
        Assert.True(manifests.Coordinator.IsSelected(spec.Selector));
        V1PersistentVolumeClaim claim = Assert.Single(spec.VolumeClaimTemplates);
        Assert.Equal("data", claim.Metadata.Name);
        Assert.Equal(["ReadWriteOnce"], claim.Spec.AccessModes);
        Assert.True(claim.Spec.Resources.Requests["storage"].ToDecimal() > 0);
        V1Volume byHand = Assert.Single(Manifests.Read("volume.yaml").Pods).Spec.Volumes.Single();
        Assert.Equal($"{claim.Metadata.Name}-{manifests.StatefulSet.Metadata.Name}-0", byHand.PersistentVolumeClaim.ClaimName);

        // Not the volume itself, which may have lost+found in it.
        string mount = manifests.Coordinator.Container.VolumeMounts.Single(mount => mount.Name == claim.Metadata.Name).MountPath;
        Assert.StartsWith(mount + "/", manifests.Training["BACKPROP_RUN_DIR"], StringComparison.Ordinal);
        Assert.Equal(manifests.All<V1ConfigMap>()[0].Metadata.Name, Assert.Single(manifests.Coordinator.Container.EnvFrom).ConfigMapRef.Name);
    }

    [Theory]
    [MemberData(nameof(Renderable))]
    public async Task Deployment_Workers_AreReplacedAFewAtATime(string directory)
    {
        Manifests manifests = await Manifests.RenderAsync(directory);
        V1DeploymentSpec spec = manifests.Deployment.Spec;

        Assert.True(spec.Replicas >= int.Parse(manifests.Training["BACKPROP_MIN_WORKERS"], System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(manifests.Worker.IsSelected(spec.Selector));
        Assert.False(manifests.Coordinator.IsSelected(spec.Selector));
        Assert.Equal(("RollingUpdate", "1"), (spec.Strategy.Type, spec.Strategy.RollingUpdate.MaxUnavailable.Value));
        Assert.True(manifests.Worker.IsSelected(Assert.Single(manifests.Worker.Spec.TopologySpreadConstraints).LabelSelector));
    }

    [Theory]
    [MemberData(nameof(Renderable))]
    public async Task DisruptionBudget_Workers_OneAtATimeAndNoneForTheCoordinator(string directory)
    {
        Manifests manifests = await Manifests.RenderAsync(directory);
        V1PodDisruptionBudget budget = Assert.Single(manifests.All<V1PodDisruptionBudget>());

        Assert.True(manifests.Worker.IsSelected(budget.Spec.Selector));
        Assert.False(manifests.Coordinator.IsSelected(budget.Spec.Selector));
        Assert.Equal("1", budget.Spec.MaxUnavailable.Value);
        Assert.Null(budget.Spec.MinAvailable);
    }

    [Theory]
    [MemberData(nameof(Renderable))]
    public async Task Resources_EveryContainer_AreAskedForAndMemoryIsLimited(string directory)
    {
        Manifests manifests = await Manifests.RenderAsync(directory);
        Assert.All(manifests.Pods.Select(pod => pod.Container.Resources), resources =>
        {
            Assert.True(resources.Requests["cpu"].ToDecimal() > 0);
            Assert.True(resources.Requests["memory"].ToDecimal() <= resources.Limits["memory"].ToDecimal());
        });

        // Its threads follow from this limit; without one they would be as many as the node has.
        Assert.True(manifests.Worker.Container.Resources.Limits["cpu"].ToDecimal() >= manifests.Worker.Container.Resources.Requests["cpu"].ToDecimal());
        Assert.InRange(manifests.Coordinator.Spec.TerminationGracePeriodSeconds!.Value, 60, 600);
    }
}
