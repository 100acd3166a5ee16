using System.Net;
using Backprop.CommandLine;
using Backprop.Core.Data;
using Backprop.Protos;
using Backprop.Serving;
using Backprop.Worker.Relay;
using DatasetRequest = Backprop.Core.Data.DatasetRequest;

namespace Backprop.Cluster.Tests.Relays;

/// <summary>What a relay opens anew each time that it has found its coordinator again, and what stays.</summary>
public sealed class RelayEntranceTests
{
    private readonly RelayEntrance entrance = new(
        new RelayOptions(new ListenAddress(IPAddress.Loopback, 0), null, null, null), null, "ab", _ => { }, TimeProvider.System);

    [Fact]
    public async Task OpenAsync_SameModelAgain_TakesNoMoreMemoryForItsWeights()
    {
        SharedWeights first = await WeightsOfAsync("64-30-10");
        Assert.Same(first, await WeightsOfAsync("64-30-10"));
    }

    [Fact]
    public async Task OpenAsync_AnotherModel_WeightsOfItsShape()
    {
        await WeightsOfAsync("64-30-10");
        SharedWeights other = await WeightsOfAsync("64-20-10");
        Assert.Equal("64-20-10", other.Memory?[0].Shape.ToString());
    }

    private async Task<SharedWeights> WeightsOfAsync(string layers)
    {
        Dataset digits = Datasets.Open(new DatasetRequest("digits", null, null, null));
        (RunSession session, WorkerServer server) = await entrance.OpenAsync(new Welcome { RunId = "run", Layers = layers }, digits);
        await server.DisposeAsync();
        return session.Weights;
    }
}
