using k8s.Models;

namespace Backprop.Deploy.Tests.Kubernetes;

/// <summary>A pod as its manifest makes it.</summary>
internal sealed record Pod(string Name, IDictionary<string, string> Labels, V1PodSpec Spec)
{
    public V1Container Container => Assert.Single(Spec.Containers);

    /// <summary>Whether a selector finds it; one without a word finds every pod.</summary>
    public bool IsSelected(V1LabelSelector selector) =>
        selector.MatchExpressions is not { Count: > 0 } && IsSelected(selector.MatchLabels ?? new Dictionary<string, string>());

    public bool IsSelected(IDictionary<string, string> labels) =>
        labels.All(label => Labels.TryGetValue(label.Key, out string? value) && value == label.Value);

    /// <summary>The volume that a path of the container is in.</summary>
    public V1Volume? VolumeOf(string path) =>
        Container.VolumeMounts.SingleOrDefault(mount => path == mount.MountPath || path.StartsWith(mount.MountPath + "/", StringComparison.Ordinal)) is { } found
            ? Spec.Volumes.SingleOrDefault(volume => volume.Name == found.Name)
            : null;
}
