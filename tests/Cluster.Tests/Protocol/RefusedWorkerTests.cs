using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Protos;
using Google.Protobuf;
using Grpc.Core;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>
/// What a worker can get wrong. Each row: its call ends with a status that says what was wrong, and the run then gives
/// the same weights with a worker that gets it right.
/// </summary>
public sealed class RefusedWorkerTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    public enum WrongJoin
    {
        NewerProtocol,
        OlderProtocol,
        OtherArithmetic,
        NoName,
        LongName,
        ControlCharacterInName,
        NoThreads,
        NoJoinAtAll,
    }

    [Theory]
    [InlineData(WrongJoin.NewerProtocol, StatusCode.FailedPrecondition, "coordinator speaks 1, worker 2: upgrade the coordinator")]
    [InlineData(WrongJoin.OlderProtocol, StatusCode.FailedPrecondition, "coordinator speaks 1, worker 0: upgrade the worker")]
    [InlineData(WrongJoin.OtherArithmetic, StatusCode.FailedPrecondition, "arithmetic fingerprint 0123456789ab instead of ")]
    [InlineData(WrongJoin.NoName, StatusCode.InvalidArgument, "name has 1 to 100")]
    [InlineData(WrongJoin.LongName, StatusCode.InvalidArgument, "name has 1 to 100")]
    [InlineData(WrongJoin.ControlCharacterInName, StatusCode.InvalidArgument, "name has 1 to 100")]
    [InlineData(WrongJoin.NoThreads, StatusCode.InvalidArgument, "not 0")]
    [InlineData(WrongJoin.NoJoinAtAll, StatusCode.InvalidArgument, "JoinRequest")]
    public Task Join_Wrong_IsRefusedWithTheReason(WrongJoin wrong, StatusCode code, string reason) =>
        ExpectAsync(code, reason, async address =>
        {
            JoinRequest join = PlainWorker.Request("wrong");
            switch (wrong)
            {
                case WrongJoin.NewerProtocol: join.ProtocolVersion = 2; break;
                case WrongJoin.OlderProtocol: join.ProtocolVersion = 0; break;
                case WrongJoin.OtherArithmetic: join.ArithmeticFingerprint = "0123456789abcdef"; break;
                case WrongJoin.NoName: join.Name = ""; break;
                case WrongJoin.LongName: join.Name = new string('x', 101); break;
                case WrongJoin.ControlCharacterInName: join.Name = "a\u001b[31m"; break;
                case WrongJoin.NoThreads: join.Threads = 0; break;
            }

            var worker = new PlainWorker(address);
            await worker.SendAsync(wrong == WrongJoin.NoJoinAtAll
                ? new WorkerMessage { Heartbeat = new Heartbeat() }
                : new WorkerMessage { Join = join });
            return worker;
        });

    public enum WrongMessage
    {
        SecondJoin,
        Empty,
        ReadyTwice,
        ReadyWithOtherData,
        ValueBeforeReady,
        EvaluationNotAskedFor,
    }

    [Theory]
    [InlineData(WrongMessage.SecondJoin, StatusCode.InvalidArgument, "Join")]
    [InlineData(WrongMessage.Empty, StatusCode.InvalidArgument, "does not fit here")]
    [InlineData(WrongMessage.ReadyTwice, StatusCode.InvalidArgument, "Ready")]
    [InlineData(WrongMessage.ReadyWithOtherData, StatusCode.FailedPrecondition, "data set")]
    [InlineData(WrongMessage.ValueBeforeReady, StatusCode.FailedPrecondition, "not asked for")]
    [InlineData(WrongMessage.EvaluationNotAskedFor, StatusCode.FailedPrecondition, "not asked for")]
    public Task Message_OutOfPlace_EndsTheCall(WrongMessage wrong, StatusCode code, string reason) =>
        ExpectAsync(code, reason, async address =>
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
                case WrongMessage.EvaluationNotAskedFor:
                    await worker.ReadyAsync();
                    var value = new EvaluationValue { RunId = worker.Run.RunId, Node = node, Totals = totals };
                    await worker.SendAsync(new WorkerMessage { EvaluationValue = value });
                    break;
            }

            return worker;
        });

    public enum WrongValue
    {
        OtherRun,
        HugeStep,
        LaterStep,
        OtherNode,
        HugeNode,
        NoNode,
        NoHeader,
        OtherLayerFirst,
        NoSuchLayer,
        TooManyNumbers,
        Gap,
        Overlap,
        NumbersAfterTheLast,
        HugeOffset,
        BytesBesideNumbers,
        NoTotals,
        NoExamples,
        TooFewExamples,
        TooManyExamples,
        MoreCorrectThanExamples,
        Twice,
    }

    [Theory]
    [InlineData(WrongValue.OtherRun, StatusCode.FailedPrecondition, "run 'other'; this is run ")]
    [InlineData(WrongValue.HugeStep, StatusCode.FailedPrecondition, "which it was not asked for; dropped")]
    [InlineData(WrongValue.LaterStep, StatusCode.FailedPrecondition, "node [0,4) of step 1, which it was not asked for; dropped")]
    [InlineData(WrongValue.OtherNode, StatusCode.FailedPrecondition, "node [0,2) of step 0, which it was not asked for; dropped")]
    [InlineData(WrongValue.HugeNode, StatusCode.FailedPrecondition, "not asked for")]
    [InlineData(WrongValue.NoNode, StatusCode.InvalidArgument, "without a node")]
    [InlineData(WrongValue.NoHeader, StatusCode.InvalidArgument, "without a header")]
    [InlineData(WrongValue.OtherLayerFirst, StatusCode.InvalidArgument, "numbers [0, 310) of layer 0|layer 1 of 10x30 weights and 10 biases")]
    [InlineData(WrongValue.NoSuchLayer, StatusCode.InvalidArgument, "numbers [0, 310) of layer 2|layer 1 of 10x30 weights and 10 biases")]
    [InlineData(WrongValue.TooManyNumbers, StatusCode.InvalidArgument, "numbers [0, 311) of layer 1|10x30 weights and 10 biases goes on at number 0 of 310")]
    [InlineData(WrongValue.Gap, StatusCode.InvalidArgument, "numbers [1, 311) of layer 1|goes on at number 0 of 310")]
    [InlineData(WrongValue.Overlap, StatusCode.InvalidArgument, "numbers [99, 309) of layer 1|goes on at number 100 of 310")]
    [InlineData(WrongValue.NumbersAfterTheLast, StatusCode.InvalidArgument, "numbers of layer 0 after the last layer was complete")]
    [InlineData(WrongValue.HugeOffset, StatusCode.InvalidArgument, "4294967295")]
    [InlineData(WrongValue.BytesBesideNumbers, StatusCode.InvalidArgument, "1241 bytes of numbers")]
    [InlineData(WrongValue.NoTotals, StatusCode.InvalidArgument, "node [0,4) of step 0 without its totals")]
    [InlineData(WrongValue.NoExamples, StatusCode.InvalidArgument, "with 0 examples|the node has 10")]
    [InlineData(WrongValue.TooFewExamples, StatusCode.InvalidArgument, "with 9 examples|the node has 10")]
    [InlineData(WrongValue.TooManyExamples, StatusCode.InvalidArgument, "with 4294967295 examples|the node has 10")]
    [InlineData(WrongValue.MoreCorrectThanExamples, StatusCode.InvalidArgument, "11 of them correct; the node has 10")]
    [InlineData(WrongValue.Twice, StatusCode.FailedPrecondition, "node [0,4) of step 0, which it was not asked for; dropped")]
    public Task NodeValue_Wrong_EndsTheCallAndNeverCounts(WrongValue wrong, StatusCode code, string reason) =>
        ExpectAsync(code, reason, async address =>
        {
            PlainWorker worker = await PlainWorker.JoinAsync(address, "wrong");
            await worker.ReadyAsync();
            Assignment assignment = (await worker.ReceiveAsync())!.Assignment;
            using var computation = new PlainComputation(worker.Run);
            await computation.TakeWeightsAsync(assignment, worker.ReceiveAsync);
            NodeValue[] values = [.. computation.Answer(assignment).Select(message => message.NodeValue)];
            Assert.Equal([1u, 0u], values.Select(value => value.Segments[0].Layer));
            NodeValue[] sent = Distort(wrong, values);
            foreach (NodeValue value in sent)
                await worker.SendAsync(new WorkerMessage { NodeValue = value });
            return worker;
        });

    /// <summary>36 MB of weights fill every buffer on the way, so that a write waits when the call is to end.</summary>
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

    [Fact]
    public async Task Join_OtherArithmeticAllowed_IsAdmittedAndTheRunSaysSo()
    {
        await using CoordinatorProcess coordinator =
            CoordinatorProcess.Start(directory, "--epochs 1 --workers 0 --allow-mixed-arithmetic");
        JoinRequest join = PlainWorker.Request("other");
        join.ArithmeticFingerprint = "0123456789abcdef";
        await using PlainWorker worker = await PlainWorker.JoinAsync(await coordinator.AddressAsync(), join);

        Assert.Equal("completed", (await worker.TrainAsync()).Status);
        await coordinator.CompletedAsync();
        await coordinator.Program.LineAsync("the promise of equal weights is off");
    }

    [Fact]
    public async Task Join_NameOfLivingWorker_HolderKeepsIt()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        string address = await coordinator.AddressAsync();
        await using PlainWorker holder = await PlainWorker.JoinAsync(address, "name");

        JoinRequest other = PlainWorker.Request("name");
        other.Incarnation = 2;
        await using (var second = new PlainWorker(address))
        {
            await second.SendAsync(new WorkerMessage { Join = other });
            Status status = await second.EndAsync();
            Assert.Equal(StatusCode.AlreadyExists, status.StatusCode);
            Assert.Contains("a living worker has the name name", status.Detail, StringComparison.Ordinal);
            Assert.Contains("--name", status.Detail, StringComparison.Ordinal);
        }

        Assert.Equal("completed", (await holder.TrainAsync()).Status);
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((1, 0), (verdict.Joined, verdict.Lost));
    }

    [Fact]
    public async Task Join_MoreThanAreServed_IsRefusedNamingTheLimit()
    {
        const int limit = 256;
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        string address = await coordinator.AddressAsync();
        List<PlainWorker> served = [];
        for (int i = 0; i < limit; i++)
            served.Add(await PlainWorker.JoinAsync(address, $"served-{i}"));

        await using (var late = new PlainWorker(address))
        {
            await late.SendAsync(new WorkerMessage { Join = PlainWorker.Request("late") });
            Status status = await late.EndAsync();
            Assert.Equal(StatusCode.ResourceExhausted, status.StatusCode);
            Assert.Contains($"{limit} workers take part already", status.Detail, StringComparison.Ordinal);
        }

        // One whose life goes on by another connection is not one more.
        served.Add(await PlainWorker.JoinAsync(address, "served-0"));
        Assert.Equal("completed", (await served[^1].TrainAsync()).Status);
        Assert.Equal(await Reference.OneEpochAsync(), (await coordinator.CompletedAsync()).WeightsSha256);
        foreach (PlainWorker worker in served)
            await worker.DisposeAsync();
    }

    [Fact]
    public async Task Join_SameLifeAgain_TakesItsPlace()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        string address = await coordinator.AddressAsync();
        await using PlainWorker halfOpen = await PlainWorker.JoinAsync(address, "name");
        await halfOpen.ReadyAsync();
        Assert.NotNull((await halfOpen.ReceiveAsync())!.Assignment);

        await using PlainWorker again = await PlainWorker.JoinAsync(address, "name");
        Assert.Equal(StatusCode.Unavailable, (await halfOpen.EndAsync()).StatusCode);
        Assert.Equal("completed", (await again.TrainAsync()).Status);

        Assert.Equal(await Reference.OneEpochAsync(), (await coordinator.CompletedAsync()).WeightsSha256);
    }

    private static NodeValue[] Distort(WrongValue wrong, NodeValue[] values)
    {
        (NodeValue first, NodeValue last) = (values[0], values[1]);
        TensorSegment segment = first.Segments[0];
        switch (wrong)
        {
            case WrongValue.OtherRun: first.Header.RunId = "other"; break;
            case WrongValue.HugeStep: first.Header.Step = ulong.MaxValue; break;
            case WrongValue.LaterStep: first.Header.Step = 1; break;
            case WrongValue.OtherNode: first.Header.Node.Count = 2; break;
            case WrongValue.HugeNode: (first.Header.Node.First, first.Header.Node.Count) = (uint.MaxValue, uint.MaxValue); break;
            case WrongValue.NoNode: first.Header.Node = null; break;
            case WrongValue.NoHeader: first.Header = null; break;
            case WrongValue.OtherLayerFirst: segment.Layer = 0; break;
            case WrongValue.NoSuchLayer: segment.Layer = 2; break;
            case WrongValue.TooManyNumbers: segment.Values = ByteString.CopyFrom([.. segment.Values, 0, 0, 0, 0]); break;
            case WrongValue.Gap: segment.Offset = 1; break;
            case WrongValue.Overlap:
                first.Segments.Add(new TensorSegment { Layer = 1, Offset = 99, Values = Slice(segment.Values, 100, 310) });
                segment.Values = Slice(segment.Values, 0, 100);
                break;
            case WrongValue.NumbersAfterTheLast:
                last.Segments.Add(new TensorSegment { Offset = 1949, Values = PlainComputation.Bytes([0]) });
                break;
            case WrongValue.HugeOffset: segment.Offset = uint.MaxValue; break;
            case WrongValue.BytesBesideNumbers: segment.Values = ByteString.CopyFrom([.. segment.Values, 0]); break;
            case WrongValue.NoTotals: last.Header.Totals = null; break;
            case WrongValue.NoExamples: last.Header.Totals.ExampleCount = 0; break;
            case WrongValue.TooFewExamples: last.Header.Totals.ExampleCount = 9; break;
            case WrongValue.TooManyExamples: last.Header.Totals.ExampleCount = uint.MaxValue; break;
            case WrongValue.MoreCorrectThanExamples: last.Header.Totals.CorrectCount = 11; break;
            case WrongValue.Twice: return [.. values, .. values];
        }

        return values;
    }

    private static ByteString Slice(ByteString numbers, int start, int end) =>
        ByteString.CopyFrom(numbers.Span[(start * sizeof(float))..(end * sizeof(float))]);

    /// <summary>Expects a worker's call to end with a status whose text holds all parts, which | separates.</summary>
    private async Task ExpectAsync(StatusCode code, string parts, Func<string, Task<PlainWorker>> misbehave)
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
