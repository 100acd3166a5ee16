using Backprop.Cluster.Tests.Commands;
using Backprop.Protos;
using Google.Protobuf;
using Grpc.Core;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>
/// Values of nodes that do not fit. Each ends its call with a status that says what was wrong, never counts, and the run
/// then gives the same weights with a worker that gets it right.
/// </summary>
public sealed class RefusedValueTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

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
        InSharedMemory,
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
    [InlineData(WrongValue.InSharedMemory, StatusCode.FailedPrecondition, "node [0,4) of step 0 by shared memory, where it was to be sent")]
    public Task NodeValue_Wrong_EndsTheCallAndNeverCounts(WrongValue wrong, StatusCode code, string reason) =>
        Misbehaviour.ExpectAsync(directory, code, reason, async address =>
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
            case WrongValue.InSharedMemory:
                last.Header.Shared = true;
                last.Segments.Clear();
                return [last];
        }

        return values;
    }

    private static ByteString Slice(ByteString numbers, int start, int end) =>
        ByteString.CopyFrom(numbers.Span[(start * sizeof(float))..(end * sizeof(float))]);
}
