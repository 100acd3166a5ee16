using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Protos;
using Grpc.Core;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>
/// Messages out of their place. Each ends its call with a status that says what was wrong, and the run then gives the same
/// weights with a worker that gets it right.
/// </summary>
public sealed class RefusedMessageTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    public enum WrongMessage
    {
        SecondJoin,
        Empty,
        ReadyTwice,
        ReadyWithOtherData,
        ValueBeforeReady,
        EvaluationNotAskedFor,
        TooManyThreads,
    }

    [Theory]
    [InlineData(WrongMessage.SecondJoin, StatusCode.InvalidArgument, "Join")]
    [InlineData(WrongMessage.Empty, StatusCode.InvalidArgument, "does not fit here")]
    [InlineData(WrongMessage.ReadyTwice, StatusCode.InvalidArgument, "Ready")]
    [InlineData(WrongMessage.ReadyWithOtherData, StatusCode.FailedPrecondition, "data set")]
    [InlineData(WrongMessage.ValueBeforeReady, StatusCode.FailedPrecondition, "not asked for")]
    [InlineData(WrongMessage.EvaluationNotAskedFor, StatusCode.FailedPrecondition, "not asked for")]
    [InlineData(WrongMessage.TooManyThreads, StatusCode.InvalidArgument, "4097 threads")]
    public Task Message_OutOfPlace_EndsTheCall(WrongMessage wrong, StatusCode code, string reason) =>
        Misbehaviour.ExpectAsync(directory, code, reason, async address =>
        {
            PlainWorker worker = await PlainWorker.JoinAsync(address, "wrong");
            var node = new Node { First = 0, Count = worker.Run.Shards };
            var totals = new Totals { ExampleCount = worker.Run.MiniBatch };
            switch (wrong)
            {
                case WrongMessage.SecondJoin:
                    await worker.SendAsync(new WorkerMessage { Join = PlainWorker.Request("wrong") });
                    break;
                case WrongMessage.Empty:
                    await worker.SendAsync(new WorkerMessage());
                    break;
                case WrongMessage.ReadyTwice:
                    await worker.ReadyAsync();
                    await worker.ReadyAsync();
                    break;
                case WrongMessage.ReadyWithOtherData:
                    await worker.SendAsync(new WorkerMessage { Ready = new WorkerReady { DatasetSha256 = new string('a', 64) } });
                    break;
                case WrongMessage.ValueBeforeReady:
                    var header = new NodeHeader { RunId = worker.Run.RunId, Node = node, Totals = totals };
                    await worker.SendAsync(new WorkerMessage { NodeValue = new NodeValue { Header = header } });
                    break;
                case WrongMessage.TooManyThreads:
                    await worker.SendAsync(new WorkerMessage { Heartbeat = new Heartbeat { Threads = 4097 } });
                    break;
                case WrongMessage.EvaluationNotAskedFor:
                    await worker.ReadyAsync();
                    var value = new EvaluationValue { RunId = worker.Run.RunId, Node = node, Totals = totals };
                    await worker.SendAsync(new WorkerMessage { EvaluationValue = value });
                    break;
            }

            return worker;
        });

    [Fact]
    public async Task Message_OutOfPlaceWhileWeightsAreOnTheirWay_StatusArrives()
    {
        await using CoordinatorProcess coordinator =
            CoordinatorProcess.Start(directory, "--epochs 1 --workers 0 --layers 64-3000-3000-10");
        await using PlainWorker worker = await PlainWorker.JoinAsync(await coordinator.AddressAsync(), "wrong");
        await worker.ReadyAsync();
        Assert.True((await worker.ReceiveAsync())!.Assignment.WeightsFollow);

        await worker.SendAsync(new WorkerMessage());

        Status status = await worker.EndAsync();
        Assert.True(status.StatusCode == StatusCode.InvalidArgument, $"{status}");
        Assert.Contains("does not fit here", status.Detail, StringComparison.Ordinal);
    }
}
