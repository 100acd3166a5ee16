using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Deploy.Tests.Published;

/// <summary>What deploy/publish.sh makes for this platform, and the tool, once for all tests.</summary>
[CollectionDefinition(Collection)]
public sealed class PublishedPrograms : IAsyncLifetime, ICollectionFixture<PublishedPrograms>
{
    public const string Collection = "published";

    private const string Platform = "linux-x64";

    private readonly TemporaryDirectory directory = new();

    public string Root => directory.Path;

    public string Coordinator => Path.Combine(Root, Platform, "Backprop.Coordinator");

    public string Worker => Path.Combine(Root, Platform, "worker", "Backprop.Worker");

    /// <summary>Where the tool's package lies.</summary>
    public string Packages => Path.Combine(Root, "tool");

    public async ValueTask InitializeAsync() => Sizes = await PublishAsync(Platform, "tool");

    /// <summary>The table of sizes that it prints.</summary>
    public string Sizes { get; private set; } = "";

    /// <summary>Where the programs for a platform lie; they are published where they are not yet.</summary>
    public async Task<string> DirectoryOfAsync(string platform)
    {
        if (!Directory.Exists(Path.Combine(Root, platform)))
            await PublishAsync(platform);
        return Path.Combine(Root, platform);
    }

    private Task<string> PublishAsync(params string[] wanted) =>
        Command.SucceedAsync(Path.Combine(Checkout.Root, "deploy", "publish.sh"), [Root, .. wanted]);

    public ValueTask DisposeAsync()
    {
        directory.Dispose();
        return ValueTask.CompletedTask;
    }
}
