using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Grpc.Core;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>What a worker's misbehaviour must come to: the end of its call, and nothing else.</summary>
internal static class Misbehaviour
{
    /// <summary>Expects a worker's call to end with a status whose text holds all parts, which | separates.</summary>
    public static async Task ExpectAsync(
        TemporaryDirectory directory, StatusCode code, string parts, Func<string, Task<PlainWorker>> misbehave)
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        string address = await coordinator.AddressAsync();
        await using (PlainWorker wrong = await misbehave(address))
        {
            Status status = await wrong.EndAsync();
            Assert.True(code == status.StatusCode, $"{status}");
            foreach (string part in parts.Split('|'))
                Assert.Contains(part, status.Detail, StringComparison.Ordinal);
        }

        await using PlainWorker right = await PlainWorker.JoinAsync(address, "right");
        Assert.Equal("completed", (await right.TrainAsync()).Status);
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((150, 1500), (verdict.Steps, verdict.Examples));
    }
}
