using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Protos;
using Google.Protobuf;
using Grpc.Core;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>Somebody who may join joins and leaves without end.</summary>
public sealed class JoinRateTests : IDisposable
{
    private const int Callers = 16;
    private const int CallsAtMost = 1_000;

    private readonly TemporaryDirectory directory = new();
    private readonly HttpClient client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = ProgramProcess.Deadline };

    public void Dispose()
    {
        client.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Join_FasterThanIsServed_IsRefusedAndAWorkerComesInLater()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0 --min-workers 2");
        string address = await coordinator.AddressAsync();

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => JoinUntilRefusedAsync(address, $"caller{caller}")));
        await coordinator.Program.LineAsync("^WARNING: a call from .* was refused: joins came faster than 32 a second");

        await using ProgramProcess first = CoordinatorProcess.StartWorker(directory, address, "first");
        await using ProgramProcess second = CoordinatorProcess.StartWorker(directory, address, "second");
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((0, 0), (await first.ExitAsync(), await second.ExitAsync()));
    }

    private async Task JoinUntilRefusedAsync(string address, string caller)
    {
        for (int call = 0; call < CallsAtMost; call++)
        {
            byte[] join = new WorkerMessage { Join = PlainWorker.Request($"{caller}-{call}") }.ToByteArray();
            (int status, string told, _) = await RawCall.SendAsync(client, address, RawCall.Work, RawCall.Prefixed(join));
            if (told.StartsWith("Joins come faster than", StringComparison.Ordinal))
            {
                Assert.Equal(StatusCode.ResourceExhausted, (StatusCode)status);
                return;
            }
        }

        Assert.Fail($"{CallsAtMost} joins of each of {Callers} callers were all let in.");
    }
}
