using System.Buffers;
using Backprop.Protos;
using Grpc.Core;
using CoordinatorFrame = Backprop.Protos.Tensors.Frame<
    Backprop.Protos.CoordinatorMessage, Backprop.Protos.WeightsHeader>;
using WorkerFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.WorkerMessage, Backprop.Protos.NodeHeader>;

namespace Backprop.Cluster.Tests.Tensors;

/// <summary>Frames as bytes and back, by the marshallers that gRPC is given.</summary>
internal static class FrameBytes
{
    public static byte[] Of(WorkerFrame frame) => Write(TrainingCalls.Work.RequestMarshaller, frame);

    public static byte[] Of(CoordinatorFrame frame) => Write(TrainingCalls.Work.ResponseMarshaller, frame);

    /// <param name="pieceLength">The buffer comes in pieces of so many bytes, as from a socket.</param>
    public static WorkerFrame ToWorkerFrame(byte[] bytes, int pieceLength = int.MaxValue) =>
        TrainingCalls.Work.RequestMarshaller.ContextualDeserializer(new Received(bytes, pieceLength));

    public static CoordinatorFrame ToCoordinatorFrame(byte[] bytes, int pieceLength = int.MaxValue) =>
        TrainingCalls.Work.ResponseMarshaller.ContextualDeserializer(new Received(bytes, pieceLength));

    private static byte[] Write<T>(Marshaller<T> marshaller, T frame)
    {
        var sent = new Sent();
        marshaller.ContextualSerializer(frame, sent);
        Assert.True(sent.IsComplete);

        // gRPC writes the announced length before the message.
        Assert.Equal(sent.AnnouncedLength, sent.Buffer.WrittenCount);
        return sent.Buffer.WrittenSpan.ToArray();
    }

    private sealed class Sent : SerializationContext
    {
        public ArrayBufferWriter<byte> Buffer { get; } = new();

        public int AnnouncedLength { get; private set; } = -1;

        public bool IsComplete { get; private set; }

        public override void SetPayloadLength(int payloadLength) => AnnouncedLength = payloadLength;

        public override IBufferWriter<byte> GetBufferWriter() => Buffer;

        public override void Complete() => IsComplete = true;
    }

    private sealed class Received(byte[] bytes, int pieceLength) : DeserializationContext
    {
        public override int PayloadLength => bytes.Length;

        public override byte[] PayloadAsNewBuffer() => [.. bytes];

        public override ReadOnlySequence<byte> PayloadAsReadOnlySequence()
        {
            if (bytes.Length <= pieceLength)
                return new ReadOnlySequence<byte>(bytes);
            var first = new Piece(bytes.AsMemory(0, pieceLength), null);
            Piece last = first;
            for (int start = pieceLength; start < bytes.Length; start += pieceLength)
                last = new Piece(bytes.AsMemory(start, Math.Min(pieceLength, bytes.Length - start)), last);
            return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
        }
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is null)
                return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
