using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Grpc.Health.V1;

namespace Backprop.Cluster.Tests.Access;

/// <summary>Whoever watches a coordinator's health instead of asking for it.</summary>
public sealed class HealthWatchTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Watch_RunThatServes_FirstMessageSaysSo()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        using var channel = Channels.To(await coordinator.AddressAsync());
        using var watch = new Health.HealthClient(channel).Watch(
            new HealthCheckRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(60), cancellationToken: TestContext.Current.CancellationToken);

        Assert.True(await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, watch.ResponseStream.Current.Status);
    }
}
