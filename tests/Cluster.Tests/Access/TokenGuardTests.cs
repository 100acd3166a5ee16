using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;
using Grpc.Core;

namespace Backprop.Cluster.Tests.Access;

/// <summary>A coordinator with a token answers no call without it, whatever the call's name.</summary>
public sealed class TokenGuardTests : IDisposable
{
    private static readonly string secret = new('s', 48);

    private readonly TemporaryDirectory directory = new();
    private readonly HttpClient client = new();

    public void Dispose()
    {
        client.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Call_WithoutTheToken_IsUnauthenticatedWhateverItsName()
    {
        string token = directory.Write("token.txt", secret);
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, $"--workers 0 --min-workers 1 --listen 127.0.0.1:0 --token-file {token} ");
        string address = (await coordinator.Program.LineAsync(@"more may join at (\S+)")).Groups[1].Value;

        foreach (string path in (string[])[RawCall.Work, RawCall.FetchDataset, RawCall.GetStatus, RawCall.CheckHealth, "/no.such.Service/Call", "/"])
        {
            (int status, string told, byte[] answer) = await RawCall.SendAsync(client, address, path, RawCall.Prefixed([]));
            Assert.Equal((StatusCode.Unauthenticated, "No token: start the worker with --token-file."), ((StatusCode)status, told));
            Assert.Empty(answer);
            (status, told, _) = await RawCall.SendAsync(client, address, path, RawCall.Prefixed([]), token: secret[1..]);
            Assert.Equal((StatusCode.Unauthenticated, "Not this run's token: see the worker's --token-file."), ((StatusCode)status, told));
        }

        (int health, _, _) = await RawCall.SendAsync(client, address, RawCall.CheckHealth, RawCall.Prefixed([]), token: secret);
        Assert.Equal(StatusCode.OK, (StatusCode)health);
        (int unknown, _, _) = await RawCall.SendAsync(client, address, "/no.such.Service/Call", RawCall.Prefixed([]), token: secret);
        Assert.Equal(StatusCode.Unimplemented, (StatusCode)unknown);
    }
}
