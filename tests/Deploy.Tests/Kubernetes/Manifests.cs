using System.Collections.Concurrent;
using Backprop.Cluster.Tests.Processes;
using k8s;
using k8s.Models;

namespace Backprop.Deploy.Tests.Kubernetes;

/// <summary>What kubectl would send to a cluster: the objects of one directory under deploy/kubernetes, read strictly.</summary>
internal sealed class Manifests
{
    /// <summary>Each directory is rendered once, whichever test asks first.</summary>
    private static readonly ConcurrentDictionary<string, Task<Manifests>> rendered = new();

    private readonly IReadOnlyList<object> objects;

    private Manifests(IReadOnlyList<object> objects) => this.objects = objects;

    public static string Directory { get; } = Path.Combine(Checkout.Root, "deploy", "kubernetes");

    /// <summary>The directories that `kubectl apply -k` takes: the base and every overlay.</summary>
    public static TheoryData<string> Renderable { get; } =
        [.. System.IO.Directory.GetFiles(Directory, "kustomization.yaml", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Directory, Path.GetDirectoryName(path)!)).Order(StringComparer.Ordinal)];

    public IReadOnlyList<IMetadata<V1ObjectMeta>> Objects => [.. objects.Cast<IMetadata<V1ObjectMeta>>()];

    /// <summary>The pods that these objects make, and the volume's, which is made by hand.</summary>
    public IReadOnlyList<Pod> Pods =>
    [
        .. All<V1StatefulSet>().Select(set => new Pod(set.Metadata.Name, set.Spec.Template.Metadata.Labels, set.Spec.Template.Spec)),
        .. All<V1Deployment>().Select(set => new Pod(set.Metadata.Name, set.Spec.Template.Metadata.Labels, set.Spec.Template.Spec)),
        .. All<V1Pod>().Select(pod => new Pod(pod.Metadata.Name, pod.Metadata.Labels, pod.Spec)),
    ];

    public Pod Coordinator => Pods.Single(pod => pod.Name == "coordinator");

    public Pod Worker => Pods.Single(pod => pod.Name == "worker");

    public V1StatefulSet StatefulSet => Assert.Single(All<V1StatefulSet>());

    public V1Deployment Deployment => Assert.Single(All<V1Deployment>());

    /// <summary>What the coordinator gets of options as variables.</summary>
    public IReadOnlyDictionary<string, string> Training => Assert.Single(All<V1ConfigMap>()).Data.AsReadOnly();

    public static Task<Manifests> RenderAsync(string directory) => rendered.GetOrAdd(directory, KustomizeAsync);

    /// <summary>A file that is applied by itself.</summary>
    public static Manifests Read(string file) => Parse(File.ReadAllText(Path.Combine(Directory, file)));

    /// <summary>Refuses fields that the API does not have, and kinds too.</summary>
    public static Manifests Parse(string text) => new(KubernetesYaml.LoadAllFromString(text, typeMap: null, strict: true));

    public IReadOnlyList<T> All<T>() => [.. objects.OfType<T>()];

    private static async Task<Manifests> KustomizeAsync(string directory)
    {
        Command done = await Command.RunAsync("kubectl", ["kustomize", Path.Combine(Directory, directory)]);
        Assert.True(done.ExitCode == 0, $"kubectl kustomize {directory}: {done.Errors.Trim()} (it takes kubectl 1.27 or newer; kubernetes-client of Debian 12 is 1.20)");
        Assert.Empty(done.Errors);
        return Parse(done.Output);
    }
}
