using Backprop.Core;
using Backprop.Protos.SharedMemory;
using Google.Protobuf;

namespace Backprop.Protos;

/// <summary>The messages that a step, or an evaluation, consists of where memory is shared: an assignment, and a value's header or all of it.</summary>
public static class StepMessages
{
    /// <summary>Writes and reads them as nobody's, so that their code and that of their way is compiled before the first step, at whichever end.</summary>
    public static void Rehearse()
    {
        var node = new Node { First = 0, Count = 1 };
        var assignment = new Assignment { RunId = "rehearsal", Step = 1, WeightsShared = true };
        assignment.Nodes.AddRange(new List<Node> { node });
        assignment.Slots.AddRange(new List<uint> { 1 });
        var totals = new Totals { ExampleCount = 1, CorrectCount = 1, Cost = 1 };
        var header = new NodeHeader
        {
            RunId = "rehearsal", Step = 1, Node = node, Totals = totals, Shared = true, ComputedUs = 1,
        };
        WriteAndRead(new CoordinatorMessage { Assignment = assignment }, CoordinatorMessage.Parser);
        WriteAndRead(new WorkerMessage { NodeValue = new NodeValue { Header = header } }, WorkerMessage.Parser);
        var evaluated = new EvaluationValue { RunId = "rehearsal", Step = 1, Node = node, Totals = totals };
        WriteAndRead(new WorkerMessage { EvaluationValue = evaluated }, WorkerMessage.Parser);
        CompiledAhead.Types(typeof(Doorbell), typeof(MessageRing), typeof(SharedModels), typeof(SharedNumbers));
    }

    private static void WriteAndRead<T>(T message, MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        Span<byte> bytes = stackalloc byte[message.CalculateSize()];
        message.WriteTo(bytes);
        _ = parser.ParseFrom((ReadOnlySpan<byte>)bytes);
    }
}
